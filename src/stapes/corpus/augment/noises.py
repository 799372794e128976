"""Artificial noises, each a seamless loop of eight seconds with a power of one.

They are made in the frequency domain, on the bins of the loop, so that the end runs on into the beginning.

Letters of shapes: C samples of a clip, K bins of its spectrum.
"""

import functools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stapes.corpus.augment.levels import Waveform
from stapes.corpus.augment.music import play_band
from stapes.units import SAMPLE_RATE_HZ

CLIP_SAMPLES = 1 << 17
CLIPS_PER_KIND = 32

_BIN_HZ = SAMPLE_RATE_HZ / CLIP_SAMPLES
_BINS_HZ = np.arange(CLIP_SAMPLES // 2 + 1) * _BIN_HZ
_LOWEST_HZ = 20.0
_TEXTURE_BANDS = 12


def coloured(rng: np.random.Generator, slope_db_per_octave: float) -> Waveform:
    """Noise whose power spectrum has a constant slope above 20 Hz: 0 is white, -3 pink, -6 brown."""
    octaves = np.log2(np.maximum(_BINS_HZ, _LOWEST_HZ) / _LOWEST_HZ)
    return _from_gains(rng, 10 ** (slope_db_per_octave * octaves / 20))


def tilted(rng: np.random.Generator) -> Waveform:
    """Noise of a random slope between brown and slightly blue."""
    return coloured(rng, rng.uniform(-7, 2))


def banded(rng: np.random.Generator) -> Waveform:
    """Noise of a random smooth spectrum over 10 bands, ±15 dB, whose level swells and falls slowly."""
    centres = np.geomspace(50, SAMPLE_RATE_HZ / 2, 10)
    gains_db = np.interp(_BINS_HZ, centres, rng.uniform(-15, 15, len(centres)))
    return _unit(_from_gains(rng, 10 ** (gains_db / 20)) * _swell(rng))


def hum(rng: np.random.Generator) -> Waveform:
    """Mains hum: 50 or 60 Hz and up to 20 harmonics of random strength."""
    base_hz = rng.choice([50.0, 60.0])
    harmonics = np.arange(1.0, rng.integers(4, 21))
    spectrum = np.zeros(len(_BINS_HZ), dtype=np.complex128)
    _add_tones(rng, spectrum, base_hz * harmonics, rng.exponential(1.0, len(harmonics)) / harmonics**0.7)
    return _unit(np.fft.irfft(spectrum))


def fan(rng: np.random.Generator) -> Waveform:
    """A fan or motor: broad noise below a few kHz, and tones at multiples of the blade frequency."""
    gains = 1 / np.sqrt(1 + (_BINS_HZ / rng.uniform(300, 2500)) ** 4)
    spectrum = np.where(_BINS_HZ < _LOWEST_HZ, 0, gains) * _random_bins(rng)
    blade_hz = rng.uniform(40, 300)
    harmonics = np.arange(1.0, 8.0)
    strength = float(np.linalg.norm(spectrum)) * rng.uniform(0.05, 0.6)
    _add_tones(rng, spectrum, blade_hz * harmonics, strength / harmonics)
    return _unit(np.fft.irfft(spectrum))


def impacts(rng: np.random.Generator) -> Waveform:
    """Clicks, knocks and clatter: 8 to 60 short decaying bursts of noise and ringing, at random times."""
    sound = np.zeros(CLIP_SAMPLES)
    for _ in range(rng.integers(8, 61)):
        burst = _burst(rng)
        start = rng.integers(CLIP_SAMPLES)
        places = (start + np.arange(len(burst))) % CLIP_SAMPLES
        sound[places] += burst * 10 ** (rng.uniform(-20, 0) / 20)
    return _unit(sound)


def texture(rng: np.random.Generator) -> Waveform:
    """A sound texture: noise in 12 bands, each of which comes and goes at its own pace.

    After McDermott and Simoncelli, "Sound texture perception via statistics of the auditory periphery" (2011): band
    envelopes and their modulation are what tells most sounds of nature and machines apart.
    """
    edges_hz = np.geomspace(_LOWEST_HZ, SAMPLE_RATE_HZ / 2, _TEXTURE_BANDS + 1)
    gains_db = rng.uniform(-25, 0, _TEXTURE_BANDS)
    fastest_hz = np.exp(rng.uniform(math.log(0.5), math.log(30), _TEXTURE_BANDS))
    depth_db = rng.uniform(1, 12)
    spectrum = _random_bins(rng)
    sound = np.zeros(CLIP_SAMPLES)
    for band in range(_TEXTURE_BANDS):
        inside = np.digitize(_BINS_HZ, edges_hz) == band + 1
        noise = _unit(np.fft.irfft(np.where(inside, spectrum, 0)))
        sound += 10 ** (gains_db[band] / 20) * noise * _fluctuation(rng, fastest_hz[band], depth_db)
    return _unit(sound)


def chords(rng: np.random.Generator) -> Waveform:
    """Music-like: four to sixteen chords of three plucked or held notes with harmonics."""
    changes = int(rng.integers(4, 17))
    length = CLIP_SAMPLES // changes
    sound = np.zeros(CLIP_SAMPLES)
    for index in range(changes):
        sound[index * length : (index + 1) * length] = _chord(rng, length)
    return _unit(sound)


def music(rng: np.random.Generator) -> Waveform:
    """Music: a tune, a bass and drums, or some of them."""
    return _unit(play_band(rng, CLIP_SAMPLES))


KINDS: dict[str, Callable[[np.random.Generator], Waveform]] = {
    "white": functools.partial(coloured, slope_db_per_octave=0.0),
    "pink": functools.partial(coloured, slope_db_per_octave=-3.0),
    "brown": functools.partial(coloured, slope_db_per_octave=-6.0),
    "tilted": tilted,
    "banded": banded,
    "hum": hum,
    "fan": fan,
    "impacts": impacts,
    "texture": texture,
    "chords": chords,
    "music": music,
}
# The plain colours have little to vary.
_CLIPS = {"white": 1, "pink": 1, "brown": 1}


@functools.lru_cache(maxsize=4)
def make_noises(seed: int, clips_per_kind: int = CLIPS_PER_KIND) -> tuple[Waveform, ...]:
    """Clips [C] of every kind; the same for the same arguments."""
    rng = np.random.default_rng([seed, 2])
    return tuple(make(rng) for kind, make in KINDS.items() for _ in range(_CLIPS.get(kind, clips_per_kind)))


def _random_bins(rng: np.random.Generator) -> NDArray[np.complex128]:
    bins: NDArray[np.complex128] = rng.standard_normal((len(_BINS_HZ), 2)).view(np.complex128)[:, 0]
    return bins


def _from_gains(rng: np.random.Generator, gains: NDArray[np.float64]) -> Waveform:
    gains = np.where(_BINS_HZ < _LOWEST_HZ, 0, gains)
    return _unit(np.fft.irfft(gains * _random_bins(rng)))


def _unit(sound: NDArray[np.floating]) -> Waveform:
    return (sound / math.sqrt(float(np.mean(np.square(sound))))).astype(np.float32)


def _swell(rng: np.random.Generator) -> NDArray[np.float64]:
    """A slow random curve of level, about ±6 dB, below 1 Hz."""
    return _fluctuation(rng, 1.0, 3.0)


def _fluctuation(rng: np.random.Generator, fastest_hz: float, deviation_db: float) -> NDArray[np.float64]:
    """A random curve of level around 1, with frequencies up to ``fastest_hz``."""
    count = max(1, int(fastest_hz / _BIN_HZ))
    spectrum = np.zeros(len(_BINS_HZ), dtype=np.complex128)
    spectrum[1 : 1 + count] = rng.standard_normal((count, 2)) @ np.array([1, 1j])
    return np.asarray(10 ** (_unit(np.fft.irfft(spectrum)) * deviation_db / 20), dtype=np.float64)


def _add_tones(
    rng: np.random.Generator,
    spectrum: NDArray[np.complex128],
    tones_hz: NDArray[np.float64],
    strengths: NDArray[np.float64],
) -> None:
    phases = np.exp(2j * np.pi * rng.random(len(tones_hz)))
    spectrum[np.rint(tones_hz / _BIN_HZ).astype(np.int64)] += strengths * phases


def _burst(rng: np.random.Generator) -> NDArray[np.float64]:
    decay_s = np.exp(rng.uniform(math.log(0.002), math.log(0.08)))
    time_s = np.arange(int(6 * decay_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    ringing = np.sin(2 * np.pi * rng.uniform(150, 5000, (3, 1)) * time_s).sum(axis=0)
    noise = rng.standard_normal(len(time_s))
    share = rng.random()
    burst: NDArray[np.float64] = (share * noise + (1 - share) * ringing) * np.exp(-time_s / decay_s)
    return burst


def _chord(rng: np.random.Generator, length: int) -> NDArray[np.float64]:
    time_s = np.arange(length) / SAMPLE_RATE_HZ
    notes = rng.choice([(0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 5, 7)][rng.integers(4)], 3, replace=False)
    roots_hz = 440 * 2 ** ((notes + rng.integers(-24, 13)) / 12)
    harmonics = np.arange(1, 7)
    tones_hz = np.outer(roots_hz, harmonics).ravel()
    strengths = np.tile(harmonics ** -rng.uniform(0.7, 2.0), len(roots_hz))[tones_hz < SAMPLE_RATE_HZ / 2]
    tones_hz = tones_hz[tones_hz < SAMPLE_RATE_HZ / 2]
    sound = strengths @ np.sin(
        2 * np.pi * np.outer(tones_hz, time_s) + rng.uniform(0, 6.28, (len(tones_hz), 1))
    )
    envelope = np.minimum(time_s / 0.01, 1) * np.minimum((time_s[-1] - time_s) / 0.02, 1)
    return np.asarray(sound * envelope * np.exp(-time_s * rng.uniform(0, 4)), dtype=np.float64)
