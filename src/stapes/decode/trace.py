"""What a search remembers: emissions linked backwards, with the histories that were merged into them.

The nodes form a directed acyclic graph. A node never changes, so states share their past and any of them can
be continued; what no state reaches is freed. A state therefore grows with the labels of its live histories
and of those merged into them (at most a fixed number each frame), never with all that was tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from stapes.decode.scorer import BLANK

# Sequence identity is a polynomial hash; with 127 bits two different sequences never meet in practice.
_PRIME = 2**127 - 1
_BASE = 0x5851F42D4C957F2D14057B7EF767814F


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One emitted label on the best alignment of a label sequence; the root stands for the empty sequence.

    Attributes:
        prev: the emission before; None at the root.
        label: in [1, V); 0 at the root.
        frame: encoder frame of the emission; -1 at the root.
        log_prob: log-probability of the sequence over all alignments that were merged when ``label`` was
            emitted, with what was expected. The difference of two nodes in succession scores the arc between them.
        posterior: probability in [0, 1] of ``label`` against the alternatives at its frame.
        length: labels in the sequence.
        key: identity of the label sequence, whatever its alignment.
        expected: the part of ``log_prob`` that comes from what was expected.
        merged: histories that ended here because this one has the same future and is more probable.
    """

    prev: "Node | None" = field(repr=False)
    label: int
    frame: int
    log_prob: float
    posterior: float
    length: int
    key: int
    expected: float = 0.0
    merged: "tuple[Merge, ...]" = field(default=(), repr=False)

    @property
    def labels(self) -> list[int]:
        """The labels of the sequence."""
        return [node.label for node in emissions(self)]

    def emit(
        self, label: int, frame: int, log_prob: float, posterior: float, expected: float = 0.0
    ) -> "Node":
        """The node of this sequence followed by ``label``, which scores ``expected`` for being expected."""
        key = extend_key(self.key, label)
        return Node(self, label, frame, log_prob, posterior, self.length + 1, key, self.expected + expected)

    def absorb(self, merge: "Merge") -> Self:
        """This node with one more merged history."""
        return replace(self, merged=(*self.merged, merge))


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """A less probable history with the same future, which continues as the node that holds it.

    Attributes:
        node: end of the history.
        frame: encoder frame after which both were one.
        log_ratio: log-probability of the history minus that of its holder at that frame, at most 0. A path
            that takes the history scores this plus the log-probability of the whole hypothesis.
    """

    node: Node
    frame: int
    log_ratio: float


ROOT = Node(prev=None, label=BLANK, frame=-1, log_prob=0.0, posterior=1.0, length=0, key=1)


def extend_key(key: int, label: int) -> int:
    """Key of the sequence with ``key`` followed by ``label``."""
    return (key * _BASE + label + 1) % _PRIME


def emissions(node: Node) -> list[Node]:
    """The nodes from the first label to ``node``, without the root."""
    nodes = []
    while node.prev is not None:
        nodes.append(node)
        node = node.prev
    return nodes[::-1]


def shared_labels(nodes: Sequence[Node]) -> int:
    """Number of first labels that the sequences of all ``nodes`` have in common."""
    shortest = min(node.length for node in nodes)
    ends = [_cut(node, shortest) for node in nodes]
    while len({node.key for node in ends}) > 1:
        shortest -= 1
        ends = [_cut(node, shortest) for node in ends]
    return shortest


def same_traces(ours: Sequence[Node], theirs: Sequence[Node]) -> bool:
    """Whether two lists of nodes hold equal graphs."""
    if len(ours) != len(theirs):
        return False
    pairs = list(zip(ours, theirs, strict=True))
    seen: set[tuple[int, int]] = set()
    while pairs:
        a, b = pairs.pop()
        if a is b or (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        if _fields(a) != _fields(b) or a.prev is None or b.prev is None:
            return False
        pairs.append((a.prev, b.prev))
        pairs.extend((x.node, y.node) for x, y in zip(a.merged, b.merged, strict=True))
    return True


def _cut(node: Node, length: int) -> Node:
    while node.length > length and node.prev is not None:
        node = node.prev
    return node


def _fields(node: Node) -> tuple[object, ...]:
    merges = [(merge.frame, merge.log_ratio) for merge in node.merged]
    return node.label, node.frame, node.log_prob, node.posterior, node.length, node.key, node.expected, merges
