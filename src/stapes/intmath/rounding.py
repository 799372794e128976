"""The two rounding rules and saturation: sections 1 and 3 of ``spec/numerics.md``."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

INT8 = (-127, 127)
"""Range of an int8 activation; -128 never occurs."""
INT16 = (-(2**15), 2**15 - 1)
"""Range of a saturated int16."""


def shift_half_up(values: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """``values`` / 2^``bits`` (at least 1), rounded half up; ``values`` below 2^62 in magnitude."""
    rounded: NDArray[np.int64] = (values + (1 << (bits - 1))) >> bits
    return rounded


def saturate(values: NDArray[np.int64], bounds: tuple[int, int]) -> NDArray[np.int64]:
    """``values`` clamped to ``bounds``, both inclusive."""
    clamped: NDArray[np.int64] = np.clip(values, *bounds)
    return clamped


def nearest(values: NDArray[Any], fraction_bits: int, limit: int) -> NDArray[np.int64]:
    """Float ``values`` * 2^``fraction_bits`` as integers, half to even, clamped to ±``limit`` (below 2^53).

    The product is exact in float64; so there is one rounding.
    """
    scaled = np.rint(np.ldexp(values.astype(np.float64), fraction_bits))
    return np.clip(scaled, -limit, limit).astype(np.int64)
