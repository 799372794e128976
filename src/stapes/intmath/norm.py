"""Layer norm without floats: section 5 of ``spec/numerics.md``.

Letters: H values.
"""

import math
from typing import final

import numpy as np
from numpy.typing import NDArray

from stapes.intmath.requantise import ACTIVATION_BITS, requantiser
from stapes.intmath.rounding import INT8

Array = NDArray[np.int64]

NORMED_BITS = 12
"""Fraction bits of a normed value before its gain."""


@final
class LayerNorm:
    """From a residual stream to int8 activations.

    Args:
        gains: [H].
        biases: [H].

    Raises:
        FormatError: a gain is 2^18 or more.
    """

    def __init__(self, gains: NDArray[np.float32], biases: NDArray[np.float32]) -> None:
        self._requantise = requantiser(gains, biases, (NORMED_BITS, ACTIVATION_BITS), INT8)

    def __call__(self, stream: NDArray[np.integer]) -> Array:
        """[..., H] int16 Q5.10 to [..., H] int8 Q0.7; H at most 4096."""
        return self._requantise(normed(stream.astype(np.int64)))


def normed(stream: Array) -> Array:
    """[..., H] less its mean, divided by its standard deviation; 12 fraction bits."""
    width = stream.shape[-1]
    total = stream.sum(axis=-1, keepdims=True)
    epsilon = (width * width * 2**20 + 50_000) // 100_000
    spread = width * (stream * stream).sum(axis=-1, keepdims=True) - total * total + epsilon
    roots, exponents = _reciprocal_roots(spread)
    centred = (width * stream - total) * roots
    half = np.left_shift(1, exponents + 18)
    rounded: Array = (centred + half) >> (exponents + 19)
    return rounded


def _reciprocal_roots(spread: Array) -> tuple[Array, Array]:
    """r and e with 1 / sqrt(spread) = r * 2^(-31 - e), up to 2^-14 of it; ``spread`` from 1 to 2^55."""
    pairs = [_reciprocal_root(int(value)) for value in spread.flat]
    roots, exponents = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return roots.reshape(spread.shape), exponents.reshape(spread.shape)


def _reciprocal_root(value: int) -> tuple[int, int]:
    exponent = (value.bit_length() - 31) >> 1
    normalised = value >> 2 * exponent if exponent >= 0 else value << -2 * exponent
    return 2**31 // math.isqrt(normalised), exponent
