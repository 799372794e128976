"""Symmetric uniform quantisation: one signed integer per weight and one scale per row.

Shape letters: R rows (first axis), C columns (all other axes flattened).
"""

import dataclasses
import math
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from stapes.codec.contract import Codec, Sections, check_sections, check_weights
from stapes.errors import ConfigError, FormatError

CODE_MAX = 127
SMALLEST_SCALE = float(np.finfo(np.float32).smallest_normal)
# The largest scale whose product with every code is finite in float32.
LARGEST_SCALE = 2.0**121
LARGEST_WEIGHT = CODE_MAX * LARGEST_SCALE


@final
@dataclasses.dataclass(frozen=True)
class Uniform(Codec):
    """Weights of row r as ``code[r, c] * scale[r]``: int8 codes in -127..127, a float32 scale per row.

    ``scale[r] = max_c |w[r, c]| / 127`` and ``code = round_half_even(w / scale[r])`` clipped to ±127, both in
    float32 arithmetic. A row whose scale would be below 2⁻¹²⁶ (all zeros, or as good as zero) has scale 0 and
    codes 0, so no scale is ever subnormal. Weights up to ±127 · 2¹²¹ are accepted. The first axis is the row;
    a tensor has at least one axis.

    Sections: ``codes`` int8 (R, C) in C order; ``scales`` float32 (R), little-endian.
    """

    name: ClassVar[str] = "uniform"

    bits: int = 8
    """Bits per code; 8 is accepted."""

    def __post_init__(self) -> None:
        if self.bits != 8:
            raise ConfigError(f"uniform: 8 bits are accepted, got {self.bits}")

    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, int]:
        if not shape:
            raise FormatError("uniform: a tensor with at least one axis is accepted, got a scalar")
        return {"codes": math.prod(shape), "scales": 4 * shape[0]}

    def encode(self, array: NDArray[np.float32]) -> dict[str, bytes]:
        self.section_bytes(array.shape)
        check_weights(self, array, LARGEST_WEIGHT)
        rows = array.reshape(len(array), -1)
        scales = _scales(rows)
        divisors = np.where(scales > 0, scales, np.float32(np.inf))
        codes = np.clip(np.rint(rows / divisors[:, None]), -CODE_MAX, CODE_MAX).astype(np.int8)
        return {"codes": codes.tobytes(), "scales": scales.astype("<f4").tobytes()}

    def decode(self, sections: Sections, shape: tuple[int, ...]) -> NDArray[np.float32]:
        check_sections(self, sections, shape)
        codes = np.frombuffer(sections["codes"], np.int8).reshape(shape[0], -1)
        scales = np.frombuffer(sections["scales"], "<f4").astype(np.float32)
        _check_codes(codes)
        _check_scales(scales)
        array = np.multiply(codes, scales[:, None], dtype=np.float32).reshape(shape)
        array.flags.writeable = False
        return array

    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        """Half a step, plus the float32 rounding of the division and the product (2 · 127 · 2⁻²⁴ steps)."""
        rows = array.reshape(len(array), -1)
        scales = _scales(rows).astype(np.float64)
        bound = np.where(scales > 0, scales * (0.5 + 2.0**-16), np.abs(rows).max(axis=1))
        return bound.reshape(-1, *[1] * (array.ndim - 1))


def _scales(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    scales = np.abs(rows).max(axis=1) / np.float32(CODE_MAX)
    return np.where(scales >= SMALLEST_SCALE, scales, np.float32(0))


def _check_codes(codes: NDArray[np.int8]) -> None:
    if codes.min() < -CODE_MAX:
        row, column = np.unravel_index(int(codes.argmin()), codes.shape)
        raise FormatError(f"uniform: code [{row}, {column}] is -128; -127 to 127 are accepted")


def _check_scales(scales: NDArray[np.float32]) -> None:
    accepted = (scales == 0) | ((scales >= SMALLEST_SCALE) & (scales <= LARGEST_SCALE))
    accepted &= ~np.signbit(scales)
    if not accepted.all():
        row = int(np.argmin(accepted))
        raise FormatError(
            f"uniform: scale {row} is {scales[row]};"
            f" 0 and {SMALLEST_SCALE:.3g} to {LARGEST_SCALE:.3g} are accepted"
        )
