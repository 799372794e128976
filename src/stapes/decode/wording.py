"""The word lattice of a search: its live histories, and all that was merged into them.

A path is a live history in which parts may be exchanged for histories that were merged there (``Node.merged``), over
and over. It scores what the live history scores plus the ratios of the merges taken, so the best path is the best
history. A node of the lattice stands for a history that ends with a word; its frame is that of the latest end of such a
word. A history that was merged inside a word has that whole word as an arc of its own.
"""

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from stapes.decode.trace import Node
from stapes.decode.words import Spelling
from stapes.errors import ConfigError
from stapes.lattice import Arc, Lattice, assemble, prune
from stapes.lattice.graph import MAX_ARCS, MAX_WORD_BYTES

_START, _END = 0, 1
# Ways looked at within one word; speech needs some hundred.
_MOST_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class LatticeLimits:
    """How much of what a search holds for possible goes into a lattice; its best path always does.

    Args:
        posterior: in [0, 1]; arcs with a smaller posterior are left out, and before it is known those whose best path
            is less probable than the best one by more than this factor.
        max_arcs: 1 to 2^16; of more arcs those stay through which the best paths lead. Some minutes of speech have
            about as many before they are pruned.

    Raises:
        ConfigError: a value is out of range.
    """

    posterior: float = 1e-4
    max_arcs: int = MAX_ARCS

    def __post_init__(self) -> None:
        if not 0.0 <= self.posterior <= 1.0:
            raise ConfigError(f"lattice: posterior is {self.posterior}; 0 to 1 is accepted")
        if not 1 <= self.max_arcs <= MAX_ARCS:
            raise ConfigError(f"lattice: max_arcs is {self.max_arcs}; 1 to {MAX_ARCS} is accepted")


DEFAULT_LIMITS = LatticeLimits()


@dataclass(frozen=True, slots=True)
class End:
    """A live history: its last emission, its log-probability, and the part of that which its end is worth."""

    node: Node
    log_prob: float
    expected: float


@dataclass(frozen=True, slots=True)
class _Way:
    """A word while it is read backwards, from ``node`` and before ``tail``.

    Its score is that of the path up to the end of the word, merges taken included.
    """

    node: Node
    tail: tuple[Node, ...]
    score: float
    context: float


def word_lattice(
    spelling: Spelling, ends: Sequence[End], delay_frames: int, frame_ms: int, limits: LatticeLimits
) -> Lattice:
    """The lattice of the live histories ``ends``, of which there is at least one.

    Args:
        spelling: of the vocabulary.
        ends: the live histories.
        delay_frames: taken off the times of words, which are never below 0.
        frame_ms: duration of a frame, in [1, 1000].
        limits: what is left out.

    Raises:
        ConfigError: the best path alone is more than a lattice may hold.
    """
    margin = -math.log(limits.posterior) if limits.posterior else math.inf
    builder = _Builder(spelling, delay_frames, margin)
    builder.expand(ends)
    arcs = builder.best_arcs(limits.max_arcs)
    frames = [0] * builder.nodes
    for arc in arcs:
        frames[arc.target] = max(frames[arc.target], arc.end_frame)
    return prune(assemble(frames, arcs, _START, _END, frame_ms), limits.posterior)


def cut(word: str) -> str:
    """``word``, or as much of it as a lattice can hold."""
    return word.encode()[:MAX_WORD_BYTES].decode(errors="ignore")


class _Builder:
    """Goes back from the end, along the best paths first: a node is expanded when the best path through it is known."""

    def __init__(self, spelling: Spelling, delay_frames: int, margin: float) -> None:
        self._spelling = spelling
        self._delay_frames = delay_frames
        self._margin = margin
        self._places: dict[Node, int] = {}
        self._queue: list[tuple[float, int, Node]] = []
        self._arcs: list[tuple[float, Arc]] = []

    @property
    def nodes(self) -> int:
        """Nodes numbered so far."""
        return 2 + len(self._places)

    def best_arcs(self, count: int) -> list[Arc]:
        """The ``count`` arcs with the best paths through them, and all of the best path."""
        ranked = sorted(self._arcs, key=itemgetter(0))
        return [arc for rank, (gap, arc) in enumerate(ranked) if rank < count or gap <= 0.0]

    def expand(self, ends: Sequence[End]) -> None:
        """Find the arcs of all paths within the margin."""
        best = max(end.log_prob for end in ends)
        self._enter(_END, [_Way(end.node, (), end.log_prob, end.expected) for end in ends], best)
        expanded: set[Node] = set()
        while self._queue:
            gap, _, node = heapq.heappop(self._queue)
            if node not in expanded:
                expanded.add(node)
                self._enter(self._places[node], [_Way(node, (), node.log_prob, 0.0)], node.log_prob + gap)

    def _enter(self, target: int, ways: list[_Way], best: float) -> None:
        """Add the arcs of the words that end in ``target``; a way with the score ``best`` lies on the best path."""
        for way in self._words(ways, best - self._margin):
            gap = best - way.score
            place = _START
            if way.node.prev is not None:
                place = self._places.setdefault(way.node, self.nodes)
                heapq.heappush(self._queue, (gap, place, way.node))
            self._arcs.append((gap, self._arc(place, target, way)))

    def _words(self, ways: list[_Way], floor: float) -> Iterator[_Way]:
        """``ways`` and all that was merged into them, back to the beginning of the word, from ``floor`` up.

        The best come first, and after ``_MOST_STEPS`` the rest is left: in sound that a network cannot make words of,
        the ways through one endless word are too many to count.
        """
        queue = [(-way.score, (-1, place), way) for place, way in enumerate(ways) if way.score >= floor]
        heapq.heapify(queue)
        for rank in itertools.count():
            if not queue or rank > _MOST_STEPS:
                return
            way = heapq.heappop(queue)[2]
            node = way.node
            longer = [
                _Way(merge.node, way.tail, way.score + merge.log_ratio, way.context) for merge in node.merged
            ]
            if node.prev is None:
                yield way
            else:
                context = way.context + node.expected - node.prev.expected
                before = _Way(node.prev, (node, *way.tail), way.score, context)
                if self._spelling.begins(node.label):
                    yield before
                else:
                    longer.append(before)
            for place, found in enumerate(longer):
                if found.score >= floor:
                    heapq.heappush(queue, (-found.score, (rank, place), found))

    def _arc(self, source: int, target: int, way: _Way) -> Arc:
        """The arc of a whole word; without a word where nothing was said at all."""
        acoustic = way.score - way.node.log_prob - way.context
        if not way.tail:
            return Arc(source, target, "", 0, 0, acoustic, way.context)
        text = cut(self._spelling.text([node.label for node in way.tail]))
        start = max(0, way.tail[0].frame - self._delay_frames)
        end = max(0, way.tail[-1].frame + 1 - self._delay_frames)
        return Arc(source, target, text, start, end, acoustic, way.context)
