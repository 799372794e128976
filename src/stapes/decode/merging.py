"""Merging of histories with the same context; ``stapes.decode.beam`` tells when and why.

All functions change the lists they are given and keep them sorted, the most probable history first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stapes.decode.ctc import Evidence
from stapes.decode.expectation import Grouping
from stapes.decode.trace import Merge, Node, extend_key


@dataclass(slots=True, eq=False)
class History:
    """A live label sequence while a frame is worked on."""

    node: Node
    log_prob: float
    context: Grouping
    evidence: Evidence


Histories = dict[int, History]
"""Histories by the key of their labels."""

Contexts = dict[Grouping, list[History]]
"""Histories by context."""


def merge_settled(contexts: Contexts, frame: int) -> None:
    """Merge every history that can no longer overtake the best one of its context."""
    if all(len(rivals) == 1 for rivals in contexts.values()):
        return
    live = {history.node.key: history for rivals in contexts.values() for history in rivals}
    for best, other in [(rivals[0], other) for rivals in contexts.values() for other in rivals[1:]]:
        # An earlier merge of this loop may have taken either of them along.
        if best.node.key in live and other.node.key in live:
            for winner, loser in _dominated(best, other, live):
                _merge(winner, loser, contexts, frame)
                del live[loser.node.key]


def merge_surplus(contexts: Contexts, count: int, frame: int) -> None:
    """Merge the least probable histories of each context until ``count`` are left."""
    for rivals in contexts.values():
        for loser in rivals[count:]:
            _merge(rivals[0], loser, contexts, frame)


def _dominated(best: History, other: History, live: Histories) -> list[tuple[History, History]]:
    """``other`` and its continuations, each behind its match from ``best``; empty if any may overtake."""
    shortest = min(history.node.length for history in live.values())
    if any(node.key in live for node in _prefixes(other.node, shortest)):
        return []
    if _may_overtake(other, best):
        return []
    pairs = [(best, other)]
    for loser in live.values():
        suffix = _suffix(loser.node, other.node)
        if suffix:
            winner = live.get(_continued(best.node.key, suffix))
            if winner is None or _may_overtake(loser, winner):
                return []
            pairs.append((winner, loser))
    return pairs


def _may_overtake(loser: History, winner: History) -> bool:
    """Whether ``loser`` is the more probable one, or may be when more is found of the last label, which is the same.

    Both are taken to be looked for equally long, and to be repeated as easily.
    """
    more = float(winner.evidence.score - loser.evidence.score)
    return winner.log_prob - loser.log_prob < max(0.0, more)


def _prefixes(node: Node, shortest: int) -> Iterator[Node]:
    """The proper prefixes of ``node`` with at least ``shortest`` labels, longest first."""
    while node.prev is not None and node.prev.length >= shortest:
        node = node.prev
        yield node


def _suffix(node: Node, start: Node) -> list[int]:
    """Labels of ``node`` after those of ``start``, last first; empty if it does not continue ``start``."""
    labels = []
    while node.prev is not None and node.length > start.length:
        labels.append(node.label)
        node = node.prev
    return labels if node.key == start.key else []


def _continued(key: int, suffix: Iterable[int]) -> int:
    for label in reversed(list(suffix)):
        key = extend_key(key, label)
    return key


def _merge(winner: History, loser: History, contexts: Contexts, frame: int) -> None:
    merge = Merge(loser.node, frame, loser.log_prob - winner.log_prob)
    winner.node = winner.node.absorb(merge)
    contexts[loser.context].remove(loser)
