"""Conversions between seconds, samples and frames, with one rounding rule: half up."""

import math


def seconds_to_samples(seconds: float, sample_rate_hz: int) -> int:
    """Samples in ``seconds``, rounded half up."""
    return math.floor(seconds * sample_rate_hz + 0.5)


def ms_to_samples(ms: float, sample_rate_hz: int) -> int:
    """Samples in ``ms`` milliseconds, rounded half up."""
    return math.floor(ms * sample_rate_hz / 1000 + 0.5)
