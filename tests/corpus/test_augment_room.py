"""Rooms reverberate as long as asked and keep the rest as it is."""

import numpy as np
import pytest

from stapes.corpus.augment import rooms
from tests.corpus.augmenting import RATE_HZ, only, rms_db


@pytest.mark.parametrize("rt60_s", [0.1, 0.2, 0.4, 0.8])
def test_reverberation_time_is_as_asked(rt60_s):
    rng = np.random.default_rng(0)
    for _ in range(10):
        response = rooms.simulate(rng, rt60_s).response.astype(np.float64)
        remaining_db = 10 * np.log10(np.cumsum(np.square(response)[::-1])[::-1] + 1e-30)
        start = int(0.3 * rt60_s * RATE_HZ)
        stop = int(np.argmax(remaining_db < remaining_db[start] - 25))
        slope = np.polyfit(np.arange(start, stop) / RATE_HZ, remaining_db[start:stop], 1)[0]
        assert -60 / slope == pytest.approx(rt60_s, rel=0.2)


def test_near_speakers_sound_drier_than_far_ones():
    bank = rooms.make_rooms(0, (0.4, 0.4))
    wet_db = [10 * np.log10(np.square(room.response[80:]).sum()) for room in bank]
    distances = [np.log(room.distance_m) for room in bank]
    assert len(bank) == 200
    assert min(room.distance_m for room in bank) >= 0.199
    assert np.corrcoef(wet_db, distances)[0, 1] > 0.8


def test_room_keeps_alignment_level_and_length():
    augmenter = only(room_probability=1.0)
    click = np.zeros(8000, np.float32)
    click[1000] = 0.5
    for seed in range(20):
        result = augmenter(click, np.random.default_rng(seed))
        assert len(result) == len(click)
        assert np.abs(result[:1000]).max() < 1e-6
        assert result[1000] > 0.05
        assert np.abs(result[1001:]).max() > 1e-3
        assert rms_db(result) == pytest.approx(rms_db(click), abs=0.01)
