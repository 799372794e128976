"""The convolutional front: steps 1 and 2 of section 7 of ``spec/numerics.md``.

Letters: M mel bins, C channels.
"""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from stapes.intmath.matrix import Matrix
from stapes.intmath.requantise import ACTIVATION_BITS, to_activation
from stapes.intmath.rounding import INT8

Array = NDArray[np.int64]


def quantise_features(
    frames: NDArray[np.float32], mean: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.int8]:
    """[..., M] log-mel frames as int8 Q0.7: the only step from float to integer, each operation in float32."""
    normalised: NDArray[np.float32] = (frames - mean) * scale
    steps = np.rint(normalised * np.float32(2**ACTIVATION_BITS))
    quantised: NDArray[np.int8] = steps.clip(*INT8).astype(np.int8)
    return quantised


@final
class Convolution:
    """3 x 3, stride 2 in time and mel, no padding, ReLU.

    Args:
        levels: [out, in, 3, 3] int8.
        scales: [out].
        biases: [out].
    """

    def __init__(
        self, levels: NDArray[np.int8], scales: NDArray[np.float32], biases: NDArray[np.float32]
    ) -> None:
        # [out, in, time, mel] to [out] x [time, mel, in], the order in which a patch lies in memory.
        self._product = Matrix(levels.transpose(0, 2, 3, 1).reshape(len(levels), -1))
        self._requantise = to_activation(scales, biases, relu=True)

    def __call__(self, image: NDArray[np.integer]) -> Array:
        """[..., time, mel, C] int8 Q0.7 to [..., time', mel', C']."""
        return self._requantise(self._product(_patches(image)))


def _patches(image: NDArray[Any]) -> NDArray[Any]:
    """[..., time, mel, C] to [..., time', mel', 9 C]."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3), axis=(-3, -2))
    strided = np.moveaxis(windows[..., ::2, ::2, :, :, :], -3, -1)
    return strided.reshape(*strided.shape[:-3], -1)
