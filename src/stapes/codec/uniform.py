"""Symmetric uniform quantisation: one signed integer per weight and one scale per row.

Shape letters: R rows (first axis), C columns (all other axes flattened).
"""

import dataclasses
import math
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from stapes.codec import fitting
from stapes.codec.contract import Sections, check_sections, check_weights, exactly
from stapes.codec.integers import IntegerCodec, Integers, check_integers, check_levels, check_scales
from stapes.errors import ConfigError, FormatError


@final
@dataclasses.dataclass(frozen=True)
class Uniform(IntegerCodec):
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

    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, range]:
        if not shape:
            raise FormatError("uniform: a tensor with at least one axis is accepted, got a scalar")
        return {"codes": exactly(math.prod(shape)), "scales": exactly(4 * shape[0])}

    def quantise(self, array: NDArray[np.float32]) -> Integers:
        self.section_bytes(array.shape)
        check_weights(self, array, fitting.LARGEST_WEIGHT)
        return fitting.quantise(array, self.bits)

    def pack(self, integers: Integers) -> dict[str, bytes]:
        check_integers(self, integers)
        return {"codes": integers.levels.tobytes(), "scales": integers.scales.astype("<f4").tobytes()}

    def integers(self, sections: Sections, shape: tuple[int, ...]) -> Integers:
        check_sections(self, sections, shape)
        levels = np.frombuffer(sections["codes"], np.int8).reshape(shape)
        scales = np.frombuffer(sections["scales"], "<f4")
        check_levels(self, levels.reshape(shape[0], -1))
        check_scales(self, scales)
        return Integers(levels, scales, self.bits)

    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        """Half a step, plus the float32 rounding of the division and the product."""
        return fitting.error_bound(array, self.quantise(array))
