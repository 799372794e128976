"""The texts of Beneath a Steel Sky: a section's lines, one after the other in one Huffman code."""

import struct
from collections.abc import Iterator
from typing import TypeAlias

MAX_LINES = 1 << 12  # the lower bits of a text number tell the line in its section

_Tree: TypeAlias = "str | tuple[_Tree, _Tree]"

# The tree of the code in pre-order: | is a fork, anything else a character.
_TREE_SIGNS = (
    "||| |ea|||os|tn||.ir|||||\0Eu|mA|||lI|dR||NST|||||Ohc|Dg|||LC|pU||!yM|||||PvH|?b|||'f,|GB"
    "|||||VkF|qw|||K-W|J*||||zY|j+|||Q\x85)||Z\x8b<|||||\x95~\x8a|\x87:|||\x7f]#||xX\x91"
    '|||||\x88`2||0\x831|||/(=|\x86^||||39|\x984|||}8\\|"\x90||||&\x8d|56||\x92\x8f|\x8e\x93'
    "||||\x8c7\x80||\x81\x99|$@||||[\x9a_|>\x96|||\x82%\t||\x9c\x97|{|\x94!"
)


def _grow(signs: Iterator[str]) -> _Tree:
    """A tree from its signs in pre-order."""
    sign = next(signs)
    return (_grow(signs), _grow(signs)) if sign == "|" else sign


TREE = _grow(iter(_TREE_SIGNS))
"""The code: a fork is a pair, for the bits 0 and 1; a leaf is a character, of which ``\\0`` ends a line."""


class Texts:
    """The lines of one section, by their numbers.

    Args:
        content: where the lengths of lines and where the lines begin, two words; the lengths of each 32 lines
            together, words; the lengths of the lines, bytes; their codes.

    Attributes:
        count: how many lines there are, at most 4096.

    Raises:
        ValueError, struct.error: the section is damaged.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._steps_at, self._text_at = struct.unpack_from("<2H", content)
        self.count = self._text_at - self._steps_at
        if not 0 <= self.count <= MAX_LINES:
            raise ValueError(f"{self.count} lines in a section; 0 to {MAX_LINES} are expected")

    def __getitem__(self, number: int) -> str:
        """One line.

        Raises:
            IndexError, struct.error: its code is not there.
        """
        block, rest = divmod(number, 32)
        place = sum(struct.unpack_from(f"<{block}H", self._content, 4))
        steps_at = self._steps_at + number - rest
        for step in self._content[steps_at : steps_at + rest]:
            place += (step & 0x7F) << 3 if step & 0x80 else step
        return self._decode(8 * self._text_at + 2 * place)

    def _decode(self, bit: int) -> str:
        text = ""
        while not text.endswith("\0"):
            node = TREE
            while isinstance(node, tuple):
                node = node[self._content[bit >> 3] >> (7 - bit & 7) & 1]
                bit += 1
            text += node
        return text[:-1]
