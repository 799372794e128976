"""The graph of a grammar: nodes, arcs that read a letter, and calls of parts that several sentences share.

A part (a rule, a list) is in the graph once, however often it is used, and nothing is expanded: the graph is as long
as what was written. Parts call parts and never themselves. In the literature this is a recursive transition network
without recursion (Woods 1970).

Shapes: N nodes, A arcs.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

EPSILON = 0
"""Arc that reads nothing."""

ANY = 1
"""Arc that reads any letter."""

CALL = 2
"""Arc to the target by way of a part."""

SPACE = 32
"""Arc that ends a word; several in a row end the same one. Letters stand for themselves, by code point."""

LITERAL, LISTED, WILD = range(3)
"""What a node belongs to: a sentence or rule, a list, a wildcard."""


@dataclass(frozen=True, slots=True)
class Call:
    """A use of a part.

    A part that may be said without a letter is passed by arcs beside its call, so that a call always reads one.

    Attributes:
        start: its first node.
        rank: above that of every part which it uses.
        slot: which it fills; None for rules.
        wild: whether the part is a wildcard.
    """

    start: int
    rank: int
    slot: str | None = None
    wild: bool = False


@dataclass(frozen=True, slots=True)
class SentenceMark:
    """Passed by every path of a sentence: its intent, and the slots that hold whenever it is said."""

    intent: str
    slots: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ValueMark:
    """Passed by every path of a value: what its slot is given, None for the words that were said."""

    out: Any


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A compiled grammar.

    Attributes:
        first: [N + 1] index of the first arc of each node.
        symbols: [A] ``EPSILON``, ``ANY``, ``CALL``, ``SPACE`` or a letter.
        targets: [A] node that the arc leads to.
        notes: [A] index into ``calls`` for a call, else into ``marks``; -1 for none.
        kinds: [N] ``LITERAL``, ``LISTED`` or ``WILD``.
        ends: [N] 1 for the last node of a part, and of the whole.
        calls: uses of parts.
        marks: what paths pass.
    """

    first: "array[int]"
    symbols: "array[int]"
    targets: "array[int]"
    notes: "array[int]"
    kinds: bytes
    ends: bytes
    calls: tuple[Call, ...]
    marks: tuple[SentenceMark | ValueMark, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of the arrays."""
        arrays = (self.first, self.symbols, self.targets, self.notes)
        return sum(part.itemsize * len(part) for part in arrays) + len(self.kinds) + len(self.ends)


class GraphBuilder:
    """A graph that grows; node 0 is its start. ``kind`` is given to nodes that are added."""

    def __init__(self) -> None:
        self.kind = LITERAL
        self._kinds = bytearray()
        self._ends: list[int] = []
        self._sources, self._symbols = array("i"), array("i")
        self._targets, self._notes = array("i"), array("i")
        self._calls: dict[Call, int] = {}
        self._marks: list[SentenceMark | ValueMark] = []

    def node(self) -> int:
        """A new node."""
        self._kinds.append(self.kind)
        return len(self._kinds) - 1

    def end(self, node: int) -> None:
        """Make ``node`` the last of a part."""
        self._ends.append(node)

    def mark(self, mark: SentenceMark | ValueMark) -> int:
        """The note of an arc that passes ``mark``."""
        self._marks.append(mark)
        return len(self._marks) - 1

    def arc(self, source: int, symbol: int, target: int, note: int = -1) -> None:
        """Lead from ``source`` to ``target`` by ``symbol``."""
        self._sources.append(source)
        self._symbols.append(symbol)
        self._targets.append(target)
        self._notes.append(note)

    def call(self, source: int, call: Call, target: int) -> None:
        """Lead from ``source`` to ``target`` by way of a part."""
        self.arc(source, CALL, target, self._calls.setdefault(call, len(self._calls)))

    def text(self, source: int, text: str) -> int:
        """The node to which ``text`` leads from ``source``."""
        for letter in text:
            target = self.node()
            self.arc(source, ord(letter), target)
            source = target
        return source

    def build(self) -> Graph:
        """The graph so far; arcs of a node stay in the order in which they were added."""
        sources = np.frombuffer(self._sources, dtype=np.intc)
        order = np.argsort(sources, kind="stable")
        first = np.searchsorted(sources[order], np.arange(len(self._kinds) + 1))
        ends = bytearray(len(self._kinds))
        for node in self._ends:
            ends[node] = 1
        return Graph(
            first=array("i", first.tolist()),
            symbols=_ordered(self._symbols, order),
            targets=_ordered(self._targets, order),
            notes=_ordered(self._notes, order),
            kinds=bytes(self._kinds),
            ends=bytes(ends),
            calls=tuple(self._calls),
            marks=tuple(self._marks),
        )


def _ordered(values: "array[int]", order: Any) -> "array[int]":
    return array("i", np.frombuffer(values, dtype=np.intc)[order].tobytes())
