"""Pitch: vowels have one, noise has none."""

import numpy as np
import pytest

from stapes.features import WINDOW_SAMPLES, find_pitch

RATE_HZ = 16_000
TIMES = np.arange(WINDOW_SAMPLES) / RATE_HZ


def tone(hertz: float, harmonics: int = 8, level: float = 0.1) -> np.ndarray:
    """Harmonics of ``hertz`` that fall off like those of a voice."""
    waves = [
        np.sin(2 * np.pi * hertz * number * TIMES + number) / number for number in range(1, harmonics + 1)
    ]
    return (level * sum(waves)).astype(np.float32)


@pytest.mark.parametrize("hertz", [75, 110, 170, 240, 390])
@pytest.mark.parametrize("level", [1e-3, 0.3])
def test_a_voice_is_as_high_as_its_first_harmonic(hertz: float, level: float) -> None:
    pitch = find_pitch(tone(hertz, level=level))
    assert pitch.octaves == pytest.approx(np.log2(hertz), abs=0.03)
    assert 0.85 < pitch.voicing <= 1


def test_a_missing_first_harmonic_is_heard() -> None:
    low = tone(150) - tone(150, harmonics=1)
    assert find_pitch(low).octaves == pytest.approx(np.log2(150), abs=0.03)


def test_noise_has_little_voice() -> None:
    rng = np.random.default_rng(0)
    found = [find_pitch(rng.standard_normal(WINDOW_SAMPLES).astype(np.float32)).voicing for _ in range(50)]
    assert np.median(found) < 0.5


def test_a_shift_changes_nothing() -> None:
    voice = tone(120, level=1e-3)
    assert find_pitch(voice + np.float32(0.5)).voicing == pytest.approx(find_pitch(voice).voicing, abs=1e-2)


def test_silence_has_no_voice() -> None:
    assert find_pitch(np.zeros(WINDOW_SAMPLES, np.float32)).voicing == 0
