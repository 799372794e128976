"""Samples of any numeric kind as mono float32."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stapes.errors import AudioError

MAX_CHANNELS = 64


def to_mono(samples: ArrayLike, where: str = "samples") -> NDArray[np.float32]:
    """The mean over channels, as float32.

    Args:
        samples: shape ``[samples]`` or ``[samples, channels]``, 1 to 64 channels. Floats are taken as they
            are, with full scale at ±1; integers are divided by their own full scale (int16 by 32768; uint8 is
            centred first).
        where: begins every error message.

    Raises:
        AudioError: another shape or kind, or a sample that is NaN or infinite (as float32).
    """
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or (array.ndim == 2 and not 1 <= array.shape[1] <= MAX_CHANNELS):
        raise AudioError(
            f"{where}: an array of shape {array.shape} is no recording; "
            f"[samples] or [samples, channels] with 1 to {MAX_CHANNELS} channels is expected"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = _scaled(array, where)
        mono = scaled if scaled.ndim == 1 else scaled.mean(axis=1)
    if not np.isfinite(mono).all():
        raise AudioError(f"{where}: holds samples that are NaN or infinite; only finite samples are sound")
    return mono


def _scaled(array: NDArray[Any], where: str) -> NDArray[np.float32]:
    if array.dtype.kind == "f" or array.size == 0:
        return array.astype(np.float32, copy=False)
    if array.dtype.kind not in "iu":
        raise AudioError(
            f"{where}: samples of type {array.dtype} are no sound; integers or floats are accepted"
        )
    full_scale = 2.0 ** (8 * array.dtype.itemsize - 1)
    centre = full_scale if array.dtype.kind == "u" else 0.0
    return ((array.astype(np.float64) - centre) / full_scale).astype(np.float32)
