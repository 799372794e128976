"""Sigmoid and tanh by table: section 4 of ``spec/numerics.md``."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes.intmath.rounding import shift_half_up

Table = NDArray[np.int64]

_SEGMENT_BITS = 8
_LARGEST = 2**15 - 1


def _knots(values: NDArray[np.float64]) -> Table:
    knots = np.clip(np.rint(values * 2**15), -_LARGEST, _LARGEST).astype(np.int64)
    knots.flags.writeable = False
    return knots


_PLACES = np.arange(-128, 129) / 16
SIGMOID = _knots(1 / (1 + np.exp(-_PLACES)))
"""[257] sigmoid, Q0.15, at -8, -8 + 1/16, ..., 8."""
TANH = _knots(np.tanh(_PLACES))
"""[257] tanh at the same places."""


def look_up(table: Table, x: NDArray[np.integer]) -> NDArray[np.int64]:
    """The function of ``x`` (int16, Q3.12) in Q0.15: straight lines between the knots of ``table`` [257]."""
    places: NDArray[Any] = x.astype(np.int64) + 2**15
    segment, rest = places >> _SEGMENT_BITS, places & (2**_SEGMENT_BITS - 1)
    below = table[segment]
    found: Table = below + shift_half_up((table[segment + 1] - below) * rest, _SEGMENT_BITS)
    return found
