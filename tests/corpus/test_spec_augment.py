"""Masks and warps of features.

Letters of shapes: T frames, F features.
"""

import numpy as np
import pytest

from stapes.corpus.augment import SpecAugmentConfig, spec_augment
from stapes.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"frequency_masks": -1}, r"spec_augment: frequency_masks is -1; 0 or more is accepted"),
        ({"time_mask_share": 1.2}, r"spec_augment: time_mask_share is 1.2; 0 to 1 is accepted"),
    ],
)
def test_wrong_mask_settings_are_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        SpecAugmentConfig(**settings)


def masked_cells(features: np.ndarray, seed: int, config: SpecAugmentConfig) -> np.ndarray:
    return spec_augment(features, np.random.default_rng(seed), config, fill=-99.0) == -99.0


def test_time_masks_hide_whole_frames_within_their_budget():
    features = np.random.default_rng(0).standard_normal((100, 80)).astype(np.float32)
    hidden = []
    for seed in range(200):
        cells = masked_cells(features, seed, SpecAugmentConfig(frequency_masks=0))
        assert (cells.all(axis=1) == cells.any(axis=1)).all()
        hidden.append(int(cells[:, 0].sum()))
    assert max(hidden) == 15
    assert np.mean(hidden) > 5


def test_a_time_mask_is_no_wider_than_asked():
    # Two masks in a thousand frames: with these seeds they never touch.
    features = np.zeros((1000, 2), np.float32)
    config = SpecAugmentConfig(frequency_masks=0, time_mask_frames=4, time_mask_share=0.008)
    widths = set()
    for seed in range(60):
        hidden = masked_cells(features, seed, config)[:, 0].astype(np.int8)
        edges = np.flatnonzero(np.diff(hidden, prepend=0, append=0))
        widths.update((edges[1::2] - edges[::2]).tolist())
    assert widths == {1, 2, 3, 4}


def test_frequency_masks_hide_whole_bands():
    features = np.random.default_rng(0).standard_normal((50, 80)).astype(np.float32)
    config = SpecAugmentConfig(time_mask_frames=0, frequency_masks=1)
    widths = []
    for seed in range(200):
        cells = masked_cells(features, seed, config)
        assert (cells.all(axis=0) == cells.any(axis=0)).all()
        bins = np.flatnonzero(cells[0])
        assert len(bins) == 0 or np.ptp(bins) == len(bins) - 1
        widths.append(len(bins))
    assert (min(widths), max(widths)) == (0, 20)


def test_masks_spare_the_rest_the_input_and_the_type():
    features = np.random.default_rng(0).standard_normal((120, 80)).astype(np.float32)
    before = features.copy()
    result = spec_augment(features, np.random.default_rng(3), SpecAugmentConfig(), fill=0.5)
    again = spec_augment(features, np.random.default_rng(3), SpecAugmentConfig(), fill=0.5)
    np.testing.assert_array_equal(features, before)
    np.testing.assert_array_equal(result, again)
    assert result.dtype == np.float32
    changed = result != features
    assert changed.any()
    assert (result[changed] == 0.5).all()


def test_warp_moves_a_frame_and_keeps_both_ends():
    times = np.repeat(np.arange(100, dtype=np.float32)[:, None], 3, axis=1)
    config = SpecAugmentConfig(time_mask_frames=0, frequency_masks=0, warp_frames=5)
    shifts = []
    for seed in range(40):
        warped = spec_augment(times, np.random.default_rng(seed), config, fill=0.0)
        assert warped.dtype == np.float32
        np.testing.assert_array_equal(warped[[0, -1]], times[[0, -1]])
        assert (np.diff(warped[:, 0]) > 0).all()
        shifts.append(np.abs(warped - times).max())
    assert 4 < max(shifts) <= 5.001
    assert min(shifts) < 1.1


@pytest.mark.parametrize("T", [0, 1, 2, 3, 5, 7])
@pytest.mark.parametrize("F", [1, 2, 80])
def test_short_features_survive(T, F):
    features = np.ones((T, F), np.float32)
    for seed in range(5):
        result = spec_augment(features, np.random.default_rng(seed), SpecAugmentConfig(warp_frames=5), 0.0)
        assert result.shape == (T, F)
        assert np.isfinite(result).all()
