"""The best path, and the best word sequences.

Letters: N nodes, A arcs.
"""

import heapq
import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

from stapes.errors import ConfigError
from stapes.lattice.graph import Arc, Lattice
from stapes.lattice.probability import backward


@dataclass(frozen=True, slots=True)
class Path:
    """A way from start to end.

    Attributes:
        words: what it says; arcs without a word leave no trace.
        arcs: indices of its arcs.
        score: sum of their scores, in nats.
    """

    words: tuple[str, ...]
    arcs: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """A word sequence of the lattice.

    Attributes:
        path: the best of the paths that say it.
        posterior: probability in [0, 1] of the words, summed over all paths that say them.
    """

    path: Path
    posterior: float


class _Trail(NamedTuple):
    arc: int
    before: "_Trail | None"


class _Reach(NamedTuple):
    """How a word sequence gets to a node: its best score, the log of the sum over its ways, its best way."""

    best: float
    total: float
    trail: _Trail | None


_Front = dict[int, _Reach]
"""Where a word sequence may stand, by node."""


def best_path(lattice: Lattice) -> Path:
    """The path with the highest score; among equals the one whose arcs come first."""
    ahead = best_ahead(lattice)
    node, arcs = 0, []
    while node != lattice.end:
        index = max(
            lattice.leaving[node], key=lambda i: lattice.arcs[i].score + ahead[lattice.arcs[i].target]
        )
        arcs.append(index)
        node = lattice.arcs[index].target
    return path_of(lattice, arcs)


def n_best(lattice: Lattice, n: int) -> list[Alternative]:
    """The ``n`` best distinct word sequences by the score of their best path, best first; fewer if there are fewer.

    Exact. An A* search over word sequences, each with all nodes where it may stand (the lattice is determinised on the
    way); as the best score to the end is known for each node, only beginnings of results are ever continued.

    Raises:
        ConfigError: ``n`` is below 1.
    """
    if n < 1:
        raise ConfigError(f"n_best: n is {n}, accepted is at least 1")
    ahead, total = best_ahead(lattice), backward(lattice)[0]
    order = itertools.count()
    front = {0: _Reach(0.0, 0.0, None)}
    _skip_empty(lattice, front)
    queue = [(-ahead[0], next(order), front)]
    found: list[Alternative] = []
    while queue and len(found) < n:
        _, _, front = heapq.heappop(queue)
        if list(front) == [lattice.end]:
            reach = front[lattice.end]
            found.append(
                Alternative(path_of(lattice, _unwind(reach.trail)), min(1.0, math.exp(reach.total - total)))
            )
            continue
        for following in _follow(lattice, front):
            promise = max(reach.best + ahead[node] for node, reach in following.items())
            heapq.heappush(queue, (-promise, next(order), following))
    return found


def best_ahead(lattice: Lattice) -> list[float]:
    """[N] score of the best path from each node to the end."""
    ahead = [0.0] * len(lattice.frames)
    for node in range(lattice.end - 1, -1, -1):
        arcs = lattice.leaving[node]
        ahead[node] = max(arc.score + ahead[arc.target] for arc in lattice.arcs[arcs.start : arcs.stop])
    return ahead


def best_behind(lattice: Lattice) -> list[float]:
    """[N] score of the best path from the start to each node."""
    behind = [0.0] + [-math.inf] * lattice.end
    for arc in lattice.arcs:
        behind[arc.target] = max(behind[arc.target], behind[arc.source] + arc.score)
    return behind


def path_of(lattice: Lattice, arcs: list[int]) -> Path:
    """The path with these arcs."""
    taken = [lattice.arcs[index] for index in arcs]
    return Path(
        tuple(arc.word for arc in taken if arc.word), tuple(arcs), math.fsum(arc.score for arc in taken)
    )


def _follow(lattice: Lattice, front: _Front) -> list[_Front]:
    """The fronts after each word that can follow, and the end by itself where ``front`` holds it among others."""
    by_word: dict[str, _Front] = {}
    for node, reach in front.items():
        for index in lattice.leaving[node]:
            arc = lattice.arcs[index]
            if arc.word:
                _enter(by_word.setdefault(arc.word, {}), arc, index, reach)
    fronts = [by_word[word] for word in sorted(by_word)]
    for following in fronts:
        _skip_empty(lattice, following)
    if lattice.end in front:
        fronts.append({lattice.end: front[lattice.end]})
    return fronts


def _skip_empty(lattice: Lattice, front: _Front) -> None:
    """Add to ``front`` the nodes that arcs without a word lead to."""
    pending = list(front)
    heapq.heapify(pending)
    while pending:
        node = heapq.heappop(pending)
        for index in lattice.leaving[node]:
            arc = lattice.arcs[index]
            if not arc.word:
                if arc.target not in front:
                    heapq.heappush(pending, arc.target)
                _enter(front, arc, index, front[node])


def _enter(front: _Front, arc: Arc, index: int, reach: _Reach) -> None:
    """Let ``front`` reach the target of ``arc``, coming from ``reach``."""
    best, total = reach.best + arc.score, reach.total + arc.score
    known = front.get(arc.target)
    if known is None:
        front[arc.target] = _Reach(best, total, _Trail(index, reach.trail))
        return
    total = max(total, known.total) + math.log1p(math.exp(-abs(total - known.total)))
    if best > known.best:
        front[arc.target] = _Reach(best, total, _Trail(index, reach.trail))
    else:
        front[arc.target] = known._replace(total=total)


def _unwind(trail: _Trail | None) -> list[int]:
    arcs = []
    while trail is not None:
        arcs.append(trail.arc)
        trail = trail.before
    return arcs[::-1]
