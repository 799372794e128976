"""Speech at another tempo has the pitch, the level and the course of the original."""

import numpy as np
import pytest

from tests.corpus.augmenting import RATE_HZ, only, speech_like, white


@pytest.mark.parametrize("factor", [0.8, 0.93, 1.1, 1.25])
def test_tempo_changes_length_and_keeps_pitch_and_level(factor):
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    result = only(tempo_probability=1.0, tempo_range=(factor, factor))(tone, np.random.default_rng(0))
    assert len(result) == round(RATE_HZ / factor)
    peak_hz = np.abs(np.fft.rfft(result * np.hanning(len(result)))).argmax() * RATE_HZ / len(result)
    assert peak_hz == pytest.approx(1000, abs=2)
    assert result[400:-400].std() == pytest.approx(np.sqrt(0.5), rel=0.02)


def test_tempo_moves_each_syllable_to_its_place():
    bursts = np.zeros(RATE_HZ, np.float32)
    for begin in (2000, 7000, 13000):
        bursts[begin : begin + 800] = white(0.05, begin, 0.3)
    result = only(tempo_probability=1.0, tempo_range=(0.8, 0.8))(bursts, np.random.default_rng(0))
    loud = np.flatnonzero(np.abs(result) > 0.05)
    assert loud[0] == pytest.approx(2000 / 0.8, abs=400)
    assert loud[-1] == pytest.approx(13800 / 0.8, abs=400)


@pytest.mark.parametrize("length", [0, 1, 300])
def test_tempo_of_next_to_nothing_is_no_error(length):
    sound = np.full(length, 0.1, np.float32)
    result = only(tempo_probability=1.0, tempo_range=(0.85, 0.85))(sound, np.random.default_rng(0))
    assert len(result) == round(length / 0.85)


def test_tempo_of_one_changes_nothing():
    speech = speech_like(0.5)
    result = only(tempo_probability=1.0, tempo_range=(1.0, 1.0))(speech, np.random.default_rng(0))
    assert result == pytest.approx(speech, abs=1e-6)
