"""The sounds that benchmarks make and where they cut speech."""

import numpy as np
import pytest

from benchmarks.last_word import end_of_speech_samples
from benchmarks.silence import sounds

RATE_HZ = 16_000


@pytest.mark.parametrize("end", [1600, 4800, 8000])
@pytest.mark.parametrize("noise", [0.0, 1e-4, 1e-2])
def test_speech_ends_where_the_tone_ends(end: int, noise: float) -> None:
    rng = np.random.default_rng(0)
    samples = noise * rng.standard_normal(16_000)
    samples[800:end] += 0.3 * np.sin(2 * np.pi * 300 * np.arange(end - 800) / RATE_HZ)
    assert end_of_speech_samples(samples.astype(np.float32)) == end


def test_a_faint_end_counts_while_it_stands_above_the_noise() -> None:
    rng = np.random.default_rng(0)
    samples = 1e-4 * rng.standard_normal(16_000)
    samples[1600:8000] += 0.3 * rng.standard_normal(6400)
    samples[8000:9600] += 0.01 * rng.standard_normal(1600)
    assert end_of_speech_samples(samples.astype(np.float32)) == 9600


def test_speech_to_the_last_sample_is_not_cut() -> None:
    samples = np.sin(2 * np.pi * 300 * np.arange(3200) / RATE_HZ)
    assert end_of_speech_samples(samples.astype(np.float32)) == 3200


def test_levels_and_lengths_of_the_sounds() -> None:
    made = sounds(seed=0)
    assert {len(samples) for samples in made.values()} == {30 * RATE_HZ}
    assert not made["silence"].any()
    for name, samples in made.items():
        if name != "silence":
            level_db = 20 * np.log10(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
            assert level_db == pytest.approx(float(name.split()[-2]), abs=0.01)


def test_the_hum_has_its_power_at_the_mains_frequency_and_its_multiples() -> None:
    hum = sounds(seed=0)["hum 50 Hz -20 dB"]
    power = np.abs(np.fft.rfft(hum)) ** 2
    multiples = 30 * 50 * np.arange(1, 8)  # bins are 1 / 30 Hz wide
    assert power[multiples].sum() > 0.999 * power.sum()
    assert power[multiples[0]] > 0.5 * power.sum()
