"""Noises of kinds that `stapes.corpus.augment` does not make, so that no training has heard them.

Every kind takes a generator and a number of samples at 16 kHz, and gives float64 [N] with a power of one.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stapes.units import SAMPLE_RATE_HZ

Noise = NDArray[np.floating]


def wind(rng: np.random.Generator, length: int) -> Noise:
    """Gusts: brown noise whose level and roughness rise and fall together."""
    white = rng.standard_normal(length)
    gust = np.exp(_wander(rng, length, 0.5))
    smooth = _shaped(white, lambda hz: 1 / (1 + (hz / 120) ** 2))
    rough = _shaped(white, lambda hz: 1 / (1 + (hz / 900) ** 2))
    return _unit(gust * smooth + 0.5 * gust**2 * rough)


def water(rng: np.random.Generator, length: int) -> Noise:
    """A running tap: hundreds of bubbles a second, each a short tone that rises as it dies away."""
    sound = np.zeros(length + SAMPLE_RATE_HZ // 20)
    time_s = np.arange(SAMPLE_RATE_HZ // 20) / SAMPLE_RATE_HZ
    for start in rng.integers(0, length, max(1, length * 300 // SAMPLE_RATE_HZ)):
        hz, decay_s = 10 ** rng.uniform(2.7, 3.6), rng.uniform(0.002, 0.012)
        phase = 2 * np.pi * hz * time_s * (1 + 4 * time_s)
        sound[start : start + len(time_s)] += rng.exponential() * np.sin(phase) * np.exp(-time_s / decay_s)
    return _unit(sound[:length])


def siren(rng: np.random.Generator, length: int) -> Noise:
    """An alarm that wails: a tone with two harmonics whose pitch sweeps up and down."""
    sweeps_hz, low_hz = rng.uniform(0.2, 3), rng.uniform(400, 800)
    turn = 2 * np.pi * (sweeps_hz * np.arange(length) / SAMPLE_RATE_HZ + rng.random())
    phase = 2 * np.pi * np.cumsum(low_hz * (1.5 + 0.5 * np.sin(turn))) / SAMPLE_RATE_HZ
    return _unit(np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.25 * np.sin(3 * phase))


def birds(rng: np.random.Generator, length: int) -> Noise:
    """Twitter: chirps of 50 to 200 ms between 2 and 6 kHz over a faint hiss."""
    sound = 0.02 * rng.standard_normal(length + SAMPLE_RATE_HZ)
    for start in rng.integers(0, length, 1 + length * 5 // SAMPLE_RATE_HZ):
        count = int(rng.uniform(0.05, 0.2) * SAMPLE_RATE_HZ)
        sweep_hz = rng.uniform(2000, 6000) + rng.uniform(-1500, 1500) * np.sin(
            2 * np.pi * rng.uniform(2, 20) * np.arange(count) / SAMPLE_RATE_HZ
        )
        chirp = np.sin(2 * np.pi * np.cumsum(sweep_hz) / SAMPLE_RATE_HZ) * np.hanning(count)
        sound[start : start + count] += rng.uniform(0.2, 1) * chirp
    return _unit(sound[:length])


def machine(rng: np.random.Generator, length: int) -> Noise:
    """Something that works in a rhythm, a train or a washing machine: pulses of noise, low and rough in turn."""
    beat = rng.uniform(1.5, 6) * np.arange(length) / SAMPLE_RATE_HZ + rng.random()
    low = _shaped(rng.standard_normal(length), lambda hz: 1 / (1 + (hz / 200) ** 2))
    rough = _shaped(rng.standard_normal(length), lambda hz: np.exp(-(((hz - 1500) / 800) ** 2)))
    pulse, answer = np.exp(-6 * (beat % 1)), np.exp(-12 * ((beat + 0.4) % 1))
    return _unit(_unit(low) * (0.3 + pulse) + _unit(rough) * (0.05 + answer))


def murmur(rng: np.random.Generator, length: int) -> Noise:
    """Speech through a wall: noise with the long-term spectrum of speech and its rhythm of syllables."""
    noise = _shaped(rng.standard_normal(length), lambda hz: np.minimum(1, (500 / np.maximum(hz, 80)) ** 1.5))
    return _unit(noise * np.exp(_wander(rng, length, 5.0)))


KINDS: dict[str, Callable[[np.random.Generator, int], Noise]] = {
    kind.__name__: kind for kind in (wind, water, siren, birds, machine, murmur)
}


def _shaped(white: Noise, gain: Callable[[Noise], Noise]) -> Noise:
    hz = np.fft.rfftfreq(len(white), 1 / SAMPLE_RATE_HZ)
    return np.asarray(np.fft.irfft(np.fft.rfft(white) * gain(hz), len(white)))


def _wander(rng: np.random.Generator, length: int, rate_hz: float) -> Noise:
    """A random curve [N] with a deviation of one and about ``rate_hz`` turns a second."""
    points = rng.standard_normal(int(2 * rate_hz * length / SAMPLE_RATE_HZ) + 4)
    places = np.arange(length) * 2 * rate_hz / SAMPLE_RATE_HZ + 1
    before = places.astype(np.int64)
    share = (1 - np.cos(np.pi * (places - before))) / 2
    return np.asarray(points[before] * (1 - share) + points[before + 1] * share)


def _unit(sound: Noise) -> Noise:
    return np.asarray(sound / np.sqrt(np.mean(np.square(sound))))
