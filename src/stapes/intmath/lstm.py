"""The step of an LSTM layer behind its matrix: section 6 of ``spec/numerics.md``.

Letters: H units.
"""

import numpy as np
from numpy.typing import NDArray

from stapes.intmath.rounding import INT8, INT16, saturate, shift_half_up
from stapes.intmath.tables import SIGMOID, TANH, look_up

Array = NDArray[np.int64]


def lstm_step(gates: Array, cell: NDArray[np.integer]) -> tuple[Array, Array]:
    """One step.

    Args:
        gates: [..., 4 H] int16 Q3.12, in the order i, f, g, o.
        cell: [..., H] int16 Q4.11.

    Returns:
        The output [..., H] int16 Q0.15 and the cell after the step.
    """
    i, f, g, o = np.split(gates, 4, axis=-1)
    i, f, o = (look_up(SIGMOID, gate) for gate in (i, f, o))
    kept = f * cell.astype(np.int64) + ((i * look_up(TANH, g)) >> 4)
    cell = saturate(shift_half_up(kept, 15), INT16)
    return shift_half_up(o * look_up(TANH, saturate(2 * cell, INT16)), 15), cell


def add_to_stream(stream: Array, output: Array) -> Array:
    """The residual stream (int16 Q5.10) with an ``output`` in Q0.15 added, saturated."""
    return saturate(stream + shift_half_up(output, 5), INT16)


def to_int8(values: Array) -> Array:
    """Q0.15 rounded to int8 Q0.7."""
    return saturate(shift_half_up(values, 8), INT8)


def joint_activation(frame: Array, predictions: Array) -> Array:
    """[..., J] int8 Q0.7: tanh of the sum of both parts of the joint, Q5.10."""
    return to_int8(look_up(TANH, saturate(4 * (frame + predictions), INT16)))
