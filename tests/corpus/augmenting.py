"""Sounds that augmentation is tested with, and what is measured of them."""

import dataclasses

import numpy as np

from stapes.corpus.augment import AugmentConfig, Augmenter, levels

RATE_HZ = 16_000
PROBABILITIES = [
    field.name for field in dataclasses.fields(AugmentConfig) if field.name.endswith("_probability")
]
OFF = dict.fromkeys(PROBABILITIES, 0.0)
ON = dict.fromkeys(PROBABILITIES, 1.0)


def only(**changes) -> Augmenter:
    return Augmenter(AugmentConfig(**{**OFF, **changes}))


def white(seconds: float, seed: int = 0, level: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return level * rng.standard_normal(int(seconds * RATE_HZ), dtype=np.float32)


def speech_like(seconds: float = 2.0, floor: float = 1e-4, seed: int = 0) -> np.ndarray:
    """Syllables of noise, 150 ms on and 50 ms off, over a quiet floor."""
    on = np.arange(int(seconds * RATE_HZ)) % 3200 < 2400
    return np.where(on, white(seconds, seed), floor * white(seconds, seed + 1, 1.0)).astype(np.float32)


def rms_db(sound: np.ndarray) -> float:
    return 10 * np.log10(np.mean(np.square(sound, dtype=np.float64)))


def snr_db(clean: np.ndarray, noisy: np.ndarray) -> float:
    return 10 * np.log10(levels.active_power(clean)) - rms_db(noisy - clean)


def gain_db(before: np.ndarray, after: np.ndarray, low_hz: float, high_hz: float) -> float:
    """How much a band of frequencies gained from ``before`` to ``after``."""
    bins_hz = np.fft.rfftfreq(len(before), 1 / RATE_HZ)
    band = (bins_hz >= low_hz) & (bins_hz < high_hz)
    energies = [np.square(np.abs(np.fft.rfft(sound)[band])).sum() for sound in (before, after)]
    return 10 * np.log10(energies[1] / energies[0])


def lag_samples(first: np.ndarray, second: np.ndarray) -> int:
    spectrum_ = np.fft.rfft(second, 2 * len(first)) * np.conj(np.fft.rfft(first, 2 * len(first)))
    lag = int(np.fft.irfft(spectrum_).argmax())
    return lag if lag < len(first) else lag - 2 * len(first)


def babble(rng: np.random.Generator) -> np.ndarray:
    return speech_like(1.0, seed=int(rng.integers(1000)))
