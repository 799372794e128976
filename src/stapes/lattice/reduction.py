"""One path for each word sequence, and no more nodes than that needs.

Both work on pairs of scores: what is added or moved is the acoustic and the context score of the better path together.
Letters: N nodes.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from stapes.errors import ConfigError
from stapes.lattice.graph import MAX_NODES, Arc, Lattice, assemble
from stapes.lattice.paths import best_ahead

_DIGITS = 9
"""Scores that agree in so many decimals are one, so that rounding does not keep equal subsets apart."""


class _Pair(NamedTuple):
    acoustic: float
    context: float

    @property
    def score(self) -> float:
        return self.acoustic + self.context

    def plus(self, other: "_Pair | Arc") -> "_Pair":
        return _Pair(self.acoustic + other.acoustic, self.context + other.context)

    def minus(self, other: "_Pair") -> "_Pair":
        return _Pair(self.acoustic - other.acoustic, self.context - other.context)


_ZERO = _Pair(0.0, 0.0)


@dataclass(slots=True)
class _Entry:
    """How a subset gets to one of its nodes: the scores still owed there, and the arc of its last word."""

    owed: _Pair
    arc: Arc | None


_Subset = dict[int, _Entry]


def determinise(lattice: Lattice) -> Lattice:
    """A lattice with the same word sequences, each on one path with the scores of its best path.

    Of all arcs that leave a node at most one has a given word; an arc without a word appears only where a sequence
    ends that another one continues, and then leads to the end. Scores are paid as early as possible. Times of words
    are those of the best path up to there, cut to the earliest frame of the nodes that became one.

    Subset construction in the tropical semiring (Mohri 1997, "Finite-state transducers in language and speech
    processing"), where arcs without a word are followed at once.

    Raises:
        ConfigError: the result would have more than 2^16 nodes; prune first.
    """
    if lattice.end == 0:
        return lattice
    builder = _Builder(lattice)
    while builder.pending:
        builder.expand(builder.pending.pop())
    return assemble(builder.frames, builder.arcs, 1, 0, lattice.frame_ms)


def minimise(lattice: Lattice) -> Lattice:
    """A lattice with the same paths (words, times, sums of scores) where nodes with the same future are one.

    Scores are pushed towards the start: the best path from any node but the start to the end then scores 0. Merging
    goes from the end backwards (Revuz 1992 for acyclic automata); for a lattice from ``determinise`` the result is
    the smallest one, up to the times of words.
    """
    arcs = _pushed(lattice)
    merged: dict[object, int] = {}
    place = [0] * len(lattice.frames)
    frames: list[int] = []
    kept: list[Arc] = []
    for node in range(lattice.end, -1, -1):
        leaving = [
            replace(arcs[index], source=len(frames), target=place[arcs[index].target])
            for index in lattice.leaving[node]
        ]
        signature = (lattice.frames[node], tuple(sorted(map(_signature, leaving))))
        place[node] = merged.setdefault(signature, len(frames))
        if place[node] == len(frames):
            frames.append(lattice.frames[node])
            kept += leaving
    return assemble(frames, kept, place[0], 0, lattice.frame_ms)


class _Builder:
    """The deterministic lattice while it grows; node 0 is its end, node 1 its start."""

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._places: dict[object, int] = {}
        self.frames = [lattice.frames[-1]]
        self.arcs: list[Arc] = []
        self.pending: list[tuple[int, _Subset]] = []
        start = {0: _Entry(_ZERO, None)}
        self._follow_empty(start)
        self._place(start)

    def expand(self, item: tuple[int, _Subset]) -> None:
        """Add the arcs that leave a subset."""
        source, subset = item
        by_word: dict[str, _Subset] = {}
        for node, entry in subset.items():
            for index in self._lattice.leaving[node]:
                arc = self._lattice.arcs[index]
                if arc.word:
                    _enter(by_word.setdefault(arc.word, {}), arc.target, entry.owed.plus(arc), arc)
        for word in sorted(by_word):
            following = by_word[word]
            self._follow_empty(following)
            best = max(following.values(), key=lambda entry: entry.owed.score)
            paid, last = best.owed, best.arc
            for entry in following.values():
                entry.owed = entry.owed.minus(paid)
            if last is not None:
                self._add_arc(source, self._place(following), last, paid)
        end = subset.get(self._lattice.end)
        if end is not None:
            frame = self.frames[0]
            self.arcs.append(Arc(source, 0, "", frame, frame, end.owed.acoustic, end.owed.context))

    def _add_arc(self, source: int, target: int, last: Arc, paid: _Pair) -> None:
        end = min(last.end_frame, self.frames[target])
        self.arcs.append(Arc(source, target, last.word, min(last.start_frame, end), end, *paid))

    def _place(self, subset: _Subset) -> int:
        """The node of ``subset``, entered into ``pending`` when it is new."""
        if list(subset) == [self._lattice.end] and self._places:
            return 0
        key = tuple(
            sorted((node, *(round(x, _DIGITS) for x in entry.owed)) for node, entry in subset.items())
        )
        if key not in self._places:
            if len(self.frames) == MAX_NODES:
                raise ConfigError(
                    f"determinise: more than {MAX_NODES} nodes are needed; prune the lattice first"
                )
            self._places[key] = len(self.frames)
            self.frames.append(min(self._lattice.frames[node] for node in subset))
            self.pending.append((self._places[key], subset))
        return self._places[key]

    def _follow_empty(self, subset: _Subset) -> None:
        """Exchange nodes of ``subset`` for those that arcs without a word lead to, unless words leave as well."""
        for node in range(min(subset), len(self._lattice.frames)):
            if node in subset:
                for index in self._lattice.leaving[node]:
                    arc = self._lattice.arcs[index]
                    if not arc.word:
                        _enter(subset, arc.target, subset[node].owed.plus(arc), subset[node].arc)
        for node in subset.keys() - {self._lattice.end}:
            if not any(self._lattice.arcs[index].word for index in self._lattice.leaving[node]):
                del subset[node]


def _enter(subset: _Subset, node: int, owed: _Pair, arc: Arc | None) -> None:
    known = subset.get(node)
    if known is None or owed.score > known.owed.score:
        subset[node] = _Entry(owed, arc)


def _pushed(lattice: Lattice) -> list[Arc]:
    """The arcs with the scores of the best path ahead taken in, so that it is paid as early as possible."""
    ahead = best_ahead(lattice)
    owed = [_ZERO] * len(lattice.frames)
    for node in range(lattice.end - 1, -1, -1):
        best = max(lattice.leaving[node], key=lambda i: lattice.arcs[i].score + ahead[lattice.arcs[i].target])
        owed[node] = owed[lattice.arcs[best].target].plus(lattice.arcs[best])
    pushed = []
    for arc in lattice.arcs:
        scores = owed[arc.target].plus(arc)
        if arc.source:
            scores = scores.minus(owed[arc.source])
        pushed.append(replace(arc, acoustic=scores.acoustic, context=scores.context))
    return pushed


def _signature(arc: Arc) -> tuple[object, ...]:
    scores = (round(arc.acoustic, _DIGITS), round(arc.context, _DIGITS))
    return arc.target, arc.word, arc.start_frame, arc.end_frame, *scores
