"""How voiced a moment of sound is, and how high: the greatest peak of its autocorrelation (Rabiner, 1977).

Described in ``spec/endpoints.md``. Shapes: W samples of a window, L lags.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.units import SAMPLE_RATE_HZ

WINDOW_SAMPLES = 960
"""W: 60 ms, which hold four periods of 70 Hz."""

_FFT_SAMPLES = 2048
_BAND_HZ = (60, 1200)
_LAGS = np.arange(40, 230)
# Of peaks about equally high the first one counts: the later ones are its multiples.
_PREFERENCE = 1 - 0.15 * _LAGS / _LAGS[-1]
_LEAST_POWER = 1e-9


@dataclass(frozen=True, slots=True)
class Pitch:
    """What the autocorrelation says.

    Args:
        voicing: in [0, 1]; near 1 for a vowel.
        octaves: height as the logarithm to base 2 of its frequency in Hz, 6.1 to 8.6; means nothing without voicing.
    """

    voicing: float
    octaves: float


def _autocorrelation(window: NDArray[np.float64], band: slice) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(window, _FFT_SAMPLES)
    powers = np.zeros(len(spectrum))
    powers[band] = np.square(np.abs(spectrum[band]))
    found: NDArray[np.float64] = np.fft.irfft(powers)[: _LAGS[-1] + 1]
    return found


_BAND = slice(*(hz * _FFT_SAMPLES // SAMPLE_RATE_HZ for hz in _BAND_HZ))
_HANN = np.hanning(WINDOW_SAMPLES)
_FADE = _autocorrelation(_HANN, slice(None))
_FADE /= _FADE[0]


def find_pitch(window: NDArray[np.float32]) -> Pitch:
    """The pitch of ``window`` [W], 60 ms at 16 kHz."""
    samples = window.astype(np.float64)
    found = _autocorrelation((samples - samples.mean()) * _HANN, _BAND)
    likeness = found[_LAGS] / (found[0] + _LEAST_POWER) / _FADE[_LAGS]
    best = int((likeness * _PREFERENCE).argmax())
    return Pitch(float(np.clip(likeness[best], 0, 1)), float(np.log2(SAMPLE_RATE_HZ / _LAGS[best])))
