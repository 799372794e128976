"""From accumulators to the integers of the next operation: section 3 of ``spec/numerics.md``.

Letters: R rows.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from stapes.errors import FormatError
from stapes.intmath.rounding import INT8, INT16, nearest, saturate

Array = NDArray[np.int64]

RELU8 = (0, INT8[1])
"""Range of an int8 activation after ReLU."""
LOGIT = (-(2**23 - 1), 2**23 - 1)
"""Range of a logit: exact in float32."""
ACTIVATION_BITS = 7
"""Fraction bits of every int8 activation."""
GATE_BITS = 12
"""Fraction bits of a gate before its function, and of a logit."""
STREAM_BITS = 10
"""Fraction bits of the residual stream and of both parts of the joint."""
_MULTIPLIER_BITS = 31
_LARGEST_SHIFT = 39
_SMALLEST_SHIFT = 8
_BIAS_BITS = 8
_LARGEST_BIAS = 2**30


@final
@dataclass(frozen=True, eq=False)
class Requantiser:
    """``clamp((acc * multipliers + (biases + 128) * 2^(shift - 8)) >> shift)``: half up, one rounding.

    Attributes:
        multipliers: [R], below 2^31 in magnitude.
        biases: [R], at most 2^30 in magnitude; 1/256 of an output step.
        shift: 8 to 39.
        bounds: least and largest output.
    """

    multipliers: Array
    biases: Array
    shift: int
    bounds: tuple[int, int]

    def __call__(self, accumulators: NDArray[np.integer]) -> Array:
        """[..., R] to [..., R]; accumulators at most 2^31 in magnitude."""
        offset = (self.biases + 2 ** (_BIAS_BITS - 1)) << (self.shift - _BIAS_BITS)
        scaled = accumulators.astype(np.int64) * self.multipliers + offset
        return saturate(scaled >> self.shift, self.bounds)


def requantiser(
    scales: NDArray[np.float32],
    biases: NDArray[np.float32] | None,
    bits: tuple[int, int],
    bounds: tuple[int, int],
) -> Requantiser:
    """The requantiser of a tensor.

    Args:
        scales: [R] what one unit of each accumulator is worth, times 2 to the fraction bits of the input.
        biases: [R] added in the end; None for none.
        bits: fraction bits of the input and of the output.
        bounds: least and largest output.

    Raises:
        FormatError: a scale is too large: 2^23 output steps or more for one unit of an accumulator.
    """
    exponent = bits[1] - bits[0]
    largest = float(np.ldexp(np.abs(scales.astype(np.float64)).max(), exponent))
    shift = min(_MULTIPLIER_BITS - int(np.frexp(largest)[1]), _LARGEST_SHIFT)
    if shift < _SMALLEST_SHIFT:
        raise FormatError(
            f"integer arithmetic: a scale is {largest:g} output steps;"
            f" less than {2 ** (_MULTIPLIER_BITS - _SMALLEST_SHIFT)} are accepted"
        )
    multipliers = nearest(scales, exponent + shift, 2**_MULTIPLIER_BITS - 1)
    if biases is None:
        return Requantiser(multipliers, np.zeros_like(multipliers), shift, bounds)
    return Requantiser(multipliers, nearest(biases, bits[1] + _BIAS_BITS, _LARGEST_BIAS), shift, bounds)


def to_activation(scales: NDArray[np.float32], biases: NDArray[np.float32], relu: bool) -> Requantiser:
    """From the product of a matrix to int8 Q0.7, with or without ReLU."""
    return requantiser(scales, biases, (ACTIVATION_BITS, ACTIVATION_BITS), RELU8 if relu else INT8)


def to_stream(scales: NDArray[np.float32], biases: NDArray[np.float32]) -> Requantiser:
    """From the product of a matrix to int16 Q5.10."""
    return requantiser(scales, biases, (ACTIVATION_BITS, STREAM_BITS), INT16)


def to_gates(scales: NDArray[np.float32], biases: NDArray[np.float32]) -> Requantiser:
    """From the product of a matrix to int16 Q3.12."""
    return requantiser(scales, biases, (ACTIVATION_BITS, GATE_BITS), INT16)


def to_logits(scales: NDArray[np.float32], biases: NDArray[np.float32]) -> Requantiser:
    """From the product of a matrix to logits with 12 fraction bits."""
    return requantiser(scales, biases, (ACTIVATION_BITS, GATE_BITS), LOGIT)


def to_embedding(scales: NDArray[np.float32]) -> Requantiser:
    """From the transposed levels [E, V] of an embedding to int8 Q0.7."""
    return requantiser(scales, None, (0, ACTIVATION_BITS), INT8)
