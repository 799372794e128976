"""Every weight as a code of a few bits, with a scale per row: codec ``dense``, section 5 of ``spec/codecs.md``.

Shape letters: R rows (first axis), C columns (all other axes flattened).
"""

import dataclasses
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from stapes.codec import coding, entropy, fitting, side, stream
from stapes.codec.contract import Sections, check_sections, exactly
from stapes.codec.integers import IntegerCodec, Integers, check_integers


@final
@dataclasses.dataclass(frozen=True)
class Dense(IntegerCodec):
    """Weights of row r as ``level[code[r, c]] * scale[r]``: codes of 2, 3, 4, 6 or 8 bits.

    Codes of up to 4 bits index a code book of int8 levels that is fitted to the tensor; those of 6 and 8 bits are the
    levels, -31 to 31 and -127 to 127. Weights up to ±127 · 2¹²¹ are accepted; a tensor has at least one axis. A row
    whose scale would be below 2⁻¹²⁶ has scale 0. ``error_bound`` fits the code book anew.

    Sections: ``codes`` in the order of the stream, ``scales`` float32 [R], and up to 4 bits ``codebook`` int8.
    """

    name: ClassVar[str] = "dense"

    bits: int = 4
    """Bits per code: 2, 3, 4, 6 or 8."""
    coded: int = 0
    """1 if ``codes`` may be entropy-coded, else 0."""

    def __post_init__(self) -> None:
        side.check_parameters(self)

    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, range]:
        rows, columns = side.matrix(self, shape)
        plain = rows * stream.row_bytes(columns, self.bits)
        codes = entropy.coded_lengths(plain) if self.coded else exactly(plain)
        return {"codes": codes, **side.section_bytes(self, rows)}

    def quantise(self, array: NDArray[np.float32]) -> Integers:
        return side.quantise(self, array)

    def pack(self, integers: Integers) -> dict[str, bytes]:
        rows, columns = side.matrix(self, integers.shape)
        check_integers(self, integers)
        codes = stream.to_stream(integers.codes)
        lengths = stream.run_lengths(rows, columns)
        return {"codes": coding.section(codes, lengths, self.bits, self.coded), **side.sections(integers)}

    def integers(self, sections: Sections, shape: tuple[int, ...]) -> Integers:
        check_sections(self, sections, shape)
        rows, columns = side.matrix(self, shape)
        lengths = stream.run_lengths(rows, columns)
        codes = coding.codes(
            sections["codes"], lengths, self.bits, self.coded, f"{self.name}: section 'codes'"
        )
        return side.read_integers(self, stream.from_stream(codes, rows, columns), shape, sections)

    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        return fitting.error_bound(array, self.quantise(array))
