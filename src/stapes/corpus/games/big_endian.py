"""Tables of big-endian numbers and strings, which two of the games keep their words in."""

import struct
from dataclasses import dataclass

from stapes.corpus.games.damage import cut


@dataclass
class Reader:
    """Reads one number or string after the other.

    Where the data ends too early, every method raises struct.error, IndexError or ValueError.

    Args:
        data: all of the table.
        at: the place of the next value, in bytes.
    """

    data: bytes
    at: int = 0

    def word(self) -> int:
        """The next signed 16-bit number."""
        return self.words(1)[0]

    def words(self, count: int) -> tuple[int, ...]:
        """The next ``count`` signed 16-bit numbers."""
        values: tuple[int, ...] = struct.unpack_from(f">{count}h", self.data, self.at)
        self.at += 2 * count
        return values

    def table(self, width: int) -> list[tuple[int, ...]]:
        """A count, and as many rows of ``width`` numbers."""
        return self.rows(self.word(), width)

    def rows(self, count: int, width: int) -> list[tuple[int, ...]]:
        """The next ``count`` rows of ``width`` numbers."""
        return [self.words(width) for _ in range(count)]

    def string(self, align: int = 2) -> str:
        """A string with its length in front, padded to ``align`` bytes unless it is empty."""
        start = self.at + 1
        length = self.data[self.at]
        self.at = start + length
        if length:
            self.at += -self.at % align
        return cut(self.data, start, length).decode("cp437")
