"""Which weights are not zero, and a code for each of these: codec ``sparse``, section 6 of ``spec/codecs.md``.

Shape letters: R rows (first axis), C columns (all other axes flattened), W windows of 64 columns.
"""

import dataclasses
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from stapes.codec import coding, entropy, fitting, side, stream
from stapes.codec.contract import Sections, check_sections, exactly
from stapes.codec.integers import IntegerCodec, Integers, check_integers
from stapes.codec.stream import BLOCK_ROWS, WINDOW
from stapes.errors import FormatError

_MOST_ROWS = 1 << 16
Codes = NDArray[np.uint8]


@final
@dataclasses.dataclass(frozen=True)
class Sparse(IntegerCodec):
    """The weights of :class:`Dense`, of which those of level 0 take one bit and the others one bit and a code.

    Zeros cost one bit wherever they are; who wants many sets weights to zero before. A tensor has at least one axis
    and, where rows are permuted, at most 65536 rows. ``error_bound`` fits the code book anew.

    Sections: ``masks`` one bit for each weight, ``values`` the codes of those that are not zero, ``offsets`` where each
    block of 16 rows begins in the values, ``scales`` float32 [R]; ``order`` uint16 [R] if permuted; up to 4 bits
    ``codebook`` int8.
    """

    name: ClassVar[str] = "sparse"

    bits: int = 4
    """Bits per code: 2, 3, 4, 6 or 8."""
    coded: int = 0
    """1 if ``masks`` and ``values`` may be entropy-coded, else 0."""
    permuted: int = 0
    """1 if rows lie in the stream by falling number of codes, so that neighbours take equally long, else 0."""

    def __post_init__(self) -> None:
        side.check_parameters(self)

    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, range]:
        rows, columns = self._matrix(shape)
        plain = rows * 8 * stream.window_count(columns)
        most = rows * stream.row_bytes(columns, self.bits)
        return {
            "masks": entropy.coded_lengths(plain) if self.coded else exactly(plain),
            "values": range(most + 1),
            "offsets": exactly(4 * (-(-rows // BLOCK_ROWS) + 1)),
            **({"order": exactly(2 * rows)} if self.permuted else {}),
            **side.section_bytes(self, rows),
        }

    def quantise(self, array: NDArray[np.float32]) -> Integers:
        return side.quantise(self, array)

    def pack(self, integers: Integers) -> dict[str, bytes]:
        self._matrix(integers.shape)
        check_integers(self, integers)
        order = self._by_count(integers)
        kept = stream.to_stream(_padded((integers.rows != 0).view(np.uint8))[order])
        codes = stream.to_stream(_padded(integers.codes)[order])[kept.view(np.bool_)]
        counts = np.count_nonzero(kept.reshape(-1, WINDOW), axis=1)
        return {
            "masks": coding.section(kept, np.full(len(counts), WINDOW), 1, self.coded),
            "values": coding.section(codes, counts, self.bits, self.coded),
            "offsets": self._offsets(counts, len(order)).astype("<u4").tobytes(),
            **({"order": order.astype("<u2").tobytes()} if self.permuted else {}),
            **side.sections(integers),
        }

    def integers(self, sections: Sections, shape: tuple[int, ...]) -> Integers:
        check_sections(self, sections, shape)
        rows, columns = self._matrix(shape)
        width = stream.window_count(columns) * WINDOW
        kept = self._codes(sections, "masks", np.full(rows * width // WINDOW, WINDOW), 1)
        counts = np.count_nonzero(kept.reshape(-1, WINDOW), axis=1)
        if (self._offsets(counts, rows) != np.frombuffer(sections["offsets"], "<u4")).any():
            raise FormatError(f"{self.name}: section 'offsets' does not fit the masks")
        codes = np.zeros_like(kept)
        codes[kept.view(np.bool_)] = self._codes(sections, "values", counts, self.bits)
        places = np.argsort(self._order(sections, rows))
        codes, kept = (stream.from_stream(part, rows, width)[places, :columns] for part in (codes, kept))
        integers = side.read_integers(self, codes, shape, sections, kept.view(np.bool_))
        if np.count_nonzero(integers.levels) != counts.sum():
            raise FormatError(f"{self.name}: a mask holds a weight of level 0 or outside the matrix")
        return integers

    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        return fitting.error_bound(array, self.quantise(array))

    def _matrix(self, shape: tuple[int, ...]) -> tuple[int, int]:
        rows, columns = side.matrix(self, shape)
        if self.permuted and rows > _MOST_ROWS:
            raise FormatError(f"{self.name}: up to {_MOST_ROWS} permuted rows are accepted, got {rows}")
        return rows, columns

    def _codes(self, sections: Sections, name: str, lengths: NDArray[np.int64], bits: int) -> Codes:
        return coding.codes(sections[name], lengths, bits, self.coded, f"{self.name}: section '{name}'")

    def _offsets(self, counts: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
        """Where each block begins in the packed values, and where the last ends; ``counts`` are those of runs."""
        ends = np.concatenate([[0], np.cumsum(stream.run_bytes(counts, self.bits))])
        runs: NDArray[np.int64] = ends[_blocks(rows) * (len(counts) // rows)]
        return runs

    def _by_count(self, integers: Integers) -> NDArray[np.int64]:
        """The row of the tensor that is each row of the stream."""
        if not self.permuted:
            return np.arange(len(integers.rows))
        return np.argsort(-np.count_nonzero(integers.rows, axis=1), kind="stable")

    def _order(self, sections: Sections, rows: int) -> NDArray[np.integer]:
        """The row of the tensor that is each row of the stream, as stored."""
        if not self.permuted:
            return np.arange(rows)
        order = np.frombuffer(sections["order"], "<u2")
        if (np.sort(order) != np.arange(rows)).any():
            raise FormatError(f"{self.name}: section 'order' is no permutation of {rows} rows")
        return order


def _blocks(rows: int) -> NDArray[np.int64]:
    """The first row of each block of 16, and the end of the last."""
    return np.append(np.arange(0, rows, BLOCK_ROWS), rows)


def _padded(matrix: Codes) -> Codes:
    """``matrix`` with columns of zeros up to a whole number of windows."""
    return np.pad(matrix, [(0, 0), (0, -matrix.shape[1] % WINDOW)])
