"""Masks over features.

Letters of shapes: T frames, F features.
"""

import math

import numpy as np
from numpy.typing import NDArray

from stapes.corpus.augment.settings import SpecAugmentConfig

Features = NDArray[np.float32]


def spec_augment(
    features: Features, rng: np.random.Generator, config: SpecAugmentConfig, fill: float
) -> Features:
    """A copy of ``features`` with stretches of frames and bands of bins hidden.

    Args:
        features: [T, F], not modified.
        rng: the only source of chance.
        config: number and width of the masks.
        fill: what hidden cells are set to, best the mean of the features.

    Returns:
        [T, F]; together the time masks hide at most ``config.time_mask_share`` of T.
    """
    masked = _warp(features, rng, config.warp_frames)
    T, F = masked.shape
    budget = int(config.time_mask_share * T)
    count = math.ceil(budget / config.time_mask_frames) if config.time_mask_frames else 0
    for _ in range(count):
        width = int(rng.integers(0, min(config.time_mask_frames, budget), endpoint=True))
        start = int(rng.integers(0, T - width, endpoint=True))
        masked[start : start + width] = fill
        budget -= width
    for _ in range(config.frequency_masks):
        width = int(rng.integers(0, min(config.frequency_mask_bins, F // 2), endpoint=True))
        start = int(rng.integers(0, F - width, endpoint=True))
        masked[:, start : start + width] = fill
    return masked


def _warp(features: Features, rng: np.random.Generator, warp_frames: int) -> Features:
    """A copy with one frame moved by up to ``warp_frames`` and everything around it stretched to fit."""
    T = len(features)
    reach = min(warp_frames, (T - 2) // 3)
    if reach < 1:
        return features.copy()
    centre = int(rng.integers(reach + 1, T - reach - 1))
    moved = centre + int(rng.integers(-reach, reach, endpoint=True))
    places = np.interp(np.arange(T), (0, moved, T - 1), (0, centre, T - 1))
    below = np.minimum(places.astype(np.int64), T - 2)
    share = (places - below).astype(features.dtype)[:, None]
    warped: Features = features[below] * (1 - share) + features[below + 1] * share
    return warped
