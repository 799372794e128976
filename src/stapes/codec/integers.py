"""Weights as integers with a scale per row: what integer arithmetic works on, between floats and bits.

Shape letters: R rows (first axis), C columns (all other axes flattened), K entries of a code book.
"""

import dataclasses
from abc import abstractmethod
from typing import final

import numpy as np
from numpy.typing import NDArray

from stapes.codec.contract import Codec, Sections
from stapes.errors import FormatError

LEVEL_MAX = 127
BITS = (2, 3, 4, 6, 8)
CODEBOOK_BITS = 4
"""Codes of so many bits or fewer index a code book; those of more are levels themselves."""
SMALLEST_SCALE = float(np.finfo(np.float32).smallest_normal)
# The largest scale whose product with every level is finite in float32.
LARGEST_SCALE = 2.0**121


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Integers:
    """``weight[r, ...] = levels[r, ...] * scales[r]``, one float32 product."""

    levels: NDArray[np.int8]
    """Of the tensor's shape, -127 to 127; -31 to 31 for 6 bits, entries of the code book for 2 to 4 bits."""
    scales: NDArray[np.float32]
    """[R], each 0 or 2⁻¹²⁶ to 2¹²¹."""
    bits: int
    """Of a code: 2, 3, 4, 6 or 8."""
    codebook: NDArray[np.int8] | None = None
    """[2 ** bits] levels by code, never falling, one of them 0; None for 6 and 8 bits, where a code is the level."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor."""
        return self.levels.shape

    @property
    def rows(self) -> NDArray[np.int8]:
        """[R, C] the levels."""
        return self.levels.reshape(len(self.levels), -1)

    @property
    def codes(self) -> NDArray[np.uint8]:
        """[R, C] what stands for each level in a stream: its first place in the code book, or its low bits."""
        if self.codebook is None:
            return self.rows.view(np.uint8) & np.uint8(2**self.bits - 1)
        places = np.searchsorted(self.codebook, np.arange(-LEVEL_MAX - 1, LEVEL_MAX + 1)).astype(np.uint8)
        return places[self.rows.astype(np.int16) + LEVEL_MAX + 1]

    def floats(self) -> NDArray[np.float32]:
        """The weights, in memory of their own."""
        return np.multiply(self.rows, self.scales[:, np.newaxis], dtype=np.float32).reshape(self.shape)


class IntegerCodec(Codec):
    """A codec whose weights are integers with a scale per row."""

    bits: int

    @abstractmethod
    def quantise(self, array: NDArray[np.float32]) -> Integers:
        """The integers nearest to ``array``, as :meth:`encode` stores them.

        Raises:
            FormatError: ``array`` is not float32, is not finite, or does not fit the codec.
        """

    @abstractmethod
    def pack(self, integers: Integers) -> dict[str, bytes]:
        """The sections of ``integers``, whose bits and code book are of this codec.

        Raises:
            FormatError: they are not.
        """

    @abstractmethod
    def integers(self, sections: Sections, shape: tuple[int, ...]) -> Integers:
        """The integers that ``sections`` hold, read-only.

        Raises:
            FormatError: a section is missing, unknown or of the wrong length, or holds a forbidden value.
        """

    @final
    def encode(self, array: NDArray[np.float32]) -> dict[str, bytes]:
        return self.pack(self.quantise(array))

    @final
    def decode(self, sections: Sections, shape: tuple[int, ...]) -> NDArray[np.float32]:
        array = self.integers(sections, shape).floats()
        array.flags.writeable = False
        return array


def check_integers(codec: IntegerCodec, integers: Integers) -> None:
    """Refuse ``integers`` of other bits than those of ``codec``, or out of their range."""
    if integers.bits != codec.bits:
        raise FormatError(
            f"{codec.name}: integers of {codec.bits} bits are accepted, got {integers.bits} bits"
        )
    check_scales(codec, integers.scales)
    if integers.codebook is not None:
        check_codebook(codec, integers.codebook)
        if not np.isin(integers.levels, integers.codebook).all():
            raise FormatError(f"{codec.name}: a level is not in the code book; its entries are accepted")
    else:
        check_levels(codec, integers.rows)


def check_levels(codec: IntegerCodec, levels: NDArray[np.int8]) -> None:
    """Refuse ``levels`` [R, C] of which one is the most negative number of its bits."""
    lowest = -(2 ** (codec.bits - 1))
    if levels.size and int(levels.min()) <= lowest:
        row, column = np.unravel_index(int(levels.argmin()), levels.shape)
        raise FormatError(
            f"{codec.name}: level [{row}, {column}] is {levels[row, column]};"
            f" {lowest + 1} to {-lowest - 1} are accepted"
        )


def check_scales(codec: Codec, scales: NDArray[np.float32]) -> None:
    """Refuse ``scales`` [R] of which one is neither 0 nor from 2⁻¹²⁶ to 2¹²¹."""
    accepted = (scales == 0) | ((scales >= SMALLEST_SCALE) & (scales <= LARGEST_SCALE))
    accepted &= ~np.signbit(scales)
    if not accepted.all():
        row = int(np.argmin(accepted))
        raise FormatError(
            f"{codec.name}: scale {row} is {scales[row]};"
            f" 0 and {SMALLEST_SCALE:.3g} to {LARGEST_SCALE:.3g} are accepted"
        )


def check_codebook(codec: IntegerCodec, codebook: NDArray[np.int8]) -> None:
    """Refuse a ``codebook`` [K] that falls, lacks 0, holds -128 or has not one entry for each code."""
    if len(codebook) != 2**codec.bits:
        raise FormatError(
            f"{codec.name}: a code book of {2**codec.bits} levels is accepted, got {len(codebook)}"
        )
    if (np.diff(codebook.astype(np.int16)) < 0).any() or 0 not in codebook or codebook[0] < -LEVEL_MAX:
        raise FormatError(
            f"{codec.name}: the code book is {codebook.tolist()};"
            " levels from -127 to 127 that never fall and hold 0 are accepted"
        )
