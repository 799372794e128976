"""Conversions between seconds, samples and frames, with one rounding rule: half up."""

import math

SAMPLE_RATE_HZ = 16_000
"""Of the speech that networks hear and that corpora are kept in; everything else is resampled on its way in."""


def seconds_to_samples(seconds: float, sample_rate_hz: int) -> int:
    """Samples in ``seconds``, rounded half up."""
    return math.floor(seconds * sample_rate_hz + 0.5)


def ms_to_samples(ms: float, sample_rate_hz: int) -> int:
    """Samples in ``ms`` milliseconds, rounded half up."""
    return math.floor(ms * sample_rate_hz / 1000 + 0.5)
