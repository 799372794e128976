"""Filters in the frequency domain: reverberation and the frequency response of a microphone or a line.

Letters of shapes: N samples, L samples of an impulse response, G points of the grid of frequencies.
"""

import bisect
import math

import numpy as np
from numpy.typing import NDArray

from stapes.corpus.augment.levels import Waveform
from stapes.units import SAMPLE_RATE_HZ

# A response is worked out on few frequencies and read off in between.
GRID_HZ = np.concatenate(([0.0], np.geomspace(10.0, SAMPLE_RATE_HZ / 2, 500)))
_LOG_GRID = np.log2(np.maximum(GRID_HZ, 10.0))
# Room for the ringing of a 50 Hz high-pass, which must not wrap around into the speech.
_RINGING_SAMPLES = 1024
_SMOOTH_LIMIT = 1 << 22
_SMOOTH: list[int] = sorted(
    2**a * 3**b * 5**c
    for a in range(23)
    for b in range(14)
    for c in range(10)
    if 2**a * 3**b * 5**c <= _SMOOTH_LIMIT
)


def fast_length(samples: int) -> int:
    """The smallest length from ``samples`` upwards that is quick to transform: no prime factor above 5."""
    if samples > _SMOOTH_LIMIT:
        return 1 << (samples - 1).bit_length()
    return _SMOOTH[bisect.bisect_left(_SMOOTH, samples)]


def reverberate(waveform: Waveform, response: Waveform) -> Waveform:
    """``waveform`` [N] in a room of impulse response ``response`` [L]: N samples of the same power."""
    length = fast_length(len(waveform) + len(response) - 1)
    spectrum = np.fft.rfft(waveform, length) * np.fft.rfft(response, length)
    wet = np.fft.irfft(spectrum, length)[: len(waveform)]
    power = float(np.dot(wet, wet))
    if power <= 0:
        return waveform
    return (wet * np.float32(math.sqrt(float(np.dot(waveform, waveform)) / power))).astype(np.float32)


def shape(waveform: Waveform, response: NDArray[np.float64]) -> Waveform:
    """``waveform`` [N] filtered without delay by the gains ``response`` [G] at ``GRID_HZ`` [G]."""
    length = fast_length(len(waveform) + _RINGING_SAMPLES)
    bins_hz = np.arange(length // 2 + 1) * (SAMPLE_RATE_HZ / length)
    gains = np.interp(bins_hz, GRID_HZ, response).astype(np.float32)
    shaped = np.fft.irfft(np.fft.rfft(waveform, length) * gains, length)[: len(waveform)]
    return shaped.astype(np.float32, copy=False)


def lowpass(cutoff_hz: float, order: int) -> NDArray[np.float64]:
    """Gains [G] of a Butterworth low-pass: -3 dB at ``cutoff_hz``, then 6 dB per octave and order."""
    gains: NDArray[np.float64] = 1 / np.sqrt(1 + (GRID_HZ / cutoff_hz) ** (2 * order))
    return gains


def highpass(cutoff_hz: float, order: int) -> NDArray[np.float64]:
    """Gains [G] of a Butterworth high-pass: -3 dB at ``cutoff_hz``, then 6 dB per octave and order."""
    gains: NDArray[np.float64] = 1 / np.sqrt(1 + (cutoff_hz / np.maximum(GRID_HZ, 1e-3)) ** (2 * order))
    return gains


def telephone() -> NDArray[np.float64]:
    """Gains [G] of a telephone line: 300 to 3400 Hz."""
    return highpass(300.0, 4) * lowpass(3400.0, 10)


def equaliser(bands_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gains [G] that pass smoothly through ``bands_db``, evenly spaced in octaves from 60 Hz to 7600 Hz."""
    centres = np.linspace(math.log2(60.0), math.log2(7600.0), len(bands_db))
    gains: NDArray[np.float64] = 10 ** (np.interp(_LOG_GRID, centres, bands_db) / 20)
    return gains
