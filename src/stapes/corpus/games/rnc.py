"""Unpacking of Rob Northen compression, method 1.

A packed file is a header of 18 bytes (``RNC`` and the method, the unpacked and the packed size, two checksums, a
leeway, the number of blocks) and its blocks. A block has three Huffman codes and then, by turns, a run of plain
bytes and a copy of bytes that came before. Bits lie in little-endian 16-bit words, the lowest first; plain bytes
lie between the words.
"""

import struct

from stapes.corpus.games.damage import cut

MAGIC = b"RNC\x01"
MAX_UNPACKED_BYTES = 1 << 24
_HEADER = struct.Struct(">4sIIHHBB")


def unpack(packed: bytes) -> bytes:
    """The bytes that ``packed`` stands for, at most 16 MiB.

    Raises:
        ValueError, LookupError, struct.error: it is not packed by this method, damaged, or larger.
    """
    magic, size, _, _, _, _, blocks = _HEADER.unpack_from(packed)
    if magic != MAGIC or size > MAX_UNPACKED_BYTES:
        raise ValueError(
            f"{magic!r} with {size} bytes; {MAGIC!r} with up to {MAX_UNPACKED_BYTES} is accepted"
        )
    bits = _Bits(packed[_HEADER.size :])
    bits.take(2)
    out = bytearray()
    for _ in range(blocks):
        _unpack_block(bits, out, size)
    if len(out) != size:
        raise ValueError(f"unpacked {len(out)} bytes where {size} were promised")
    return bytes(out)


class _Bits:
    """The bits of the words, and the bytes between them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._held = 0
        self._count = 0

    def take(self, count: int) -> int:
        """The next ``count`` bits, at most 16, as a number; a word is begun only when a bit of it is needed."""
        if count > self._count:
            if self._at >= len(self._data) or count > self._count + 16:
                raise ValueError(f"{count} bits are wanted where there are fewer")
            self._held |= self._next_word() << self._count
            self._at += 2
            self._count += 16
        value = self._held & (1 << count) - 1
        self._held >>= count
        self._count -= count
        return value

    def take_bytes(self, count: int) -> bytes:
        """The ``count`` bytes after the word that is begun."""
        if not count:  # the last word may lack its upper byte, so that its end lies outside
            return b""
        self._at += count
        return cut(self._data, self._at - count, count)

    def take_code(self, table: list[tuple[int, int]]) -> int:
        """The symbol of the Huffman code that comes next."""
        seen = self._held | self._next_word() << self._count
        length, symbol = table[seen & len(table) - 1]
        if not length:
            raise ValueError("no symbol has the code that comes next")
        self.take(length)
        return symbol

    def take_number(self, table: list[tuple[int, int]]) -> int:
        """A number: its code tells its length in bits, and all but the highest follow."""
        size = self.take_code(table)
        return size if size < 2 else 1 << size - 1 | self.take(size - 1)

    def _next_word(self) -> int:
        return int.from_bytes(self._data[self._at : self._at + 2], "little")


def _unpack_block(bits: _Bits, out: bytearray, size: int) -> None:
    """Append one block to ``out``, which is to grow to ``size`` bytes."""
    runs, distances, lengths = (_read_codes(bits) for _ in range(3))
    for left in reversed(range(bits.take(16))):
        out += bits.take_bytes(bits.take_number(runs))
        if left:
            distance = bits.take_number(distances) + 1
            length = bits.take_number(lengths) + 2
            start = len(out) - distance
            if start < 0 or len(out) + length > size:
                raise ValueError(f"{length} bytes from {start} on are copied to {len(out)} of {size}")
            out += (out[start : start + length] * (length // distance + 1))[:length]


def _read_codes(bits: _Bits) -> list[tuple[int, int]]:
    """A canonical Huffman code as a table: (length, symbol) by the bits that come next; length 0 is no code."""
    lengths = [bits.take(4) for _ in range(bits.take(5))]
    longest = max(lengths, default=0)
    table = [(0, 0)] * (1 << longest)
    code = 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths) if length):
        if code == 1 << longest:
            raise ValueError("lengths of codes that leave no room for all of them")
        first = int(f"{code >> (longest - length):0{length}b}"[::-1], 2)
        table[first :: 1 << length] = [(length, symbol)] * (1 << longest - length)
        code += 1 << longest - length
    return table
