"""The lattice: what may have been said, as a directed acyclic graph over words.

Letters: N nodes, A arcs. Node 0 is the start, node N-1 the end, every arc leads to a higher node, and every node
lies on a path from start to end. A lattice of one node and no arc is the empty utterance.
"""

import heapq
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from stapes.errors import ConfigError

MAX_NODES = 2**16
MAX_ARCS = 2**16
MAX_FRAME = 2**24 - 1
MAX_FRAME_MS = 1000
MAX_WORD_BYTES = 255
MAX_SCORE = 2.0**20
"""Bound on the magnitude of a score in nats."""


@dataclass(frozen=True, slots=True, order=True)
class Arc:
    """One word between two nodes.

    Attributes:
        source: node that the arc leaves.
        target: node that it enters, above ``source``.
        word: without white space and control characters, at most 255 bytes of UTF-8; "" says nothing.
        start_frame: first frame of the word, not before the frame of ``source``.
        end_frame: one past its last frame, not after the frame of ``target``.
        acoustic: log score of the sound, in nats, within ±2^20.
        context: log score of what is expected (language model, phrases), in nats, within ±2^20.
    """

    source: int
    target: int
    word: str
    start_frame: int
    end_frame: int
    acoustic: float
    context: float = 0.0

    @property
    def score(self) -> float:
        """Both scores together, in nats."""
        return self.acoustic + self.context


@dataclass(frozen=True)
class Lattice:
    """A directed acyclic graph over words; a value, checked when it is made.

    Attributes:
        frames: [N] frame of each node, never falling, in [0, 2^24).
        arcs: [A] given in any order, kept sorted by ``source``, ``target``, ``word`` and so on. Arcs may be
            parallel, even equal; each is a path of its own.
        frame_ms: duration of a frame in milliseconds, in [1, 1000].

    Raises:
        ConfigError: anything above does not hold, or a node lies on no path from start to end.
    """

    frames: tuple[int, ...]
    arcs: tuple[Arc, ...]
    frame_ms: int = 40

    def __post_init__(self) -> None:
        if not 1 <= self.frame_ms <= MAX_FRAME_MS:
            raise ConfigError(f"lattice: frame_ms is {self.frame_ms}, accepted are 1 to {MAX_FRAME_MS}")
        _check_nodes(self.frames)
        if len(self.arcs) > MAX_ARCS:
            raise ConfigError(f"lattice: {len(self.arcs)} arcs, accepted are at most {MAX_ARCS}")
        checked: set[str] = set()
        for index, arc in enumerate(self.arcs):
            _check_arc(arc, self.frames, f"lattice: arc {index}")
            if arc.word not in checked:
                _check_word(arc.word, f"lattice: arc {index}")
                checked.add(arc.word)
        _check_connected(len(self.frames), self.arcs)
        object.__setattr__(self, "arcs", tuple(sorted(self.arcs)))

    @property
    def end(self) -> int:
        """The last node, N-1."""
        return len(self.frames) - 1

    @cached_property
    def leaving(self) -> tuple[range, ...]:
        """[N] the indices of the arcs that leave each node."""
        counts = [0] * len(self.frames)
        for arc in self.arcs:
            counts[arc.source] += 1
        ranges, first = [], 0
        for count in counts:
            ranges.append(range(first, first + count))
            first += count
        return tuple(ranges)


def assemble(frames: Sequence[int], arcs: Iterable[Arc], start: int, end: int, frame_ms: int = 40) -> Lattice:
    """The lattice of a graph whose nodes come in any order; what lies on no path from start to end is left out.

    Args:
        frames: frame of each node, by the numbers that ``arcs``, ``start`` and ``end`` use.

    Raises:
        ConfigError: no path leads from start to end, the arcs form a cycle, or the rest makes no lattice.
    """
    arcs = tuple(arcs)
    if not all(0 <= node < len(frames) for arc in arcs for node in (arc.source, arc.target)):
        raise ConfigError(f"lattice: an arc names a node that is none of the {len(frames)} given")
    forward, backward = _neighbours(arcs)
    alive = _reachable(start, forward) & _reachable(end, backward)
    if end not in alive:
        raise ConfigError(f"lattice: no path leads from node {start} to node {end}")
    order = _sorted_nodes(alive, forward, frames)
    place = {node: index for index, node in enumerate(order)}
    kept = [
        replace(arc, source=place[arc.source], target=place[arc.target])
        for arc in arcs
        if arc.source in place and arc.target in place
    ]
    return Lattice(tuple(frames[node] for node in order), tuple(kept), frame_ms)


def _neighbours(arcs: Iterable[Arc]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    forward: dict[int, list[int]] = {}
    backward: dict[int, list[int]] = {}
    for arc in arcs:
        forward.setdefault(arc.source, []).append(arc.target)
        backward.setdefault(arc.target, []).append(arc.source)
    return forward, backward


def _reachable(root: int, neighbours: dict[int, list[int]]) -> set[int]:
    seen, pending = {root}, [root]
    while pending:
        for node in neighbours.get(pending.pop(), ()):
            if node not in seen:
                seen.add(node)
                pending.append(node)
    return seen


def _sorted_nodes(alive: set[int], forward: dict[int, list[int]], frames: Sequence[int]) -> list[int]:
    """The nodes of ``alive`` so that arcs lead upwards; by frame and number where there is a choice."""
    entering = dict.fromkeys(alive, 0)
    for node in alive:
        for target in forward.get(node, ()):
            if target in alive:
                entering[target] += 1
    ready = [(frames[node], node) for node, count in entering.items() if count == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        node = heapq.heappop(ready)[1]
        order.append(node)
        for target in forward.get(node, ()):
            if target in alive:
                entering[target] -= 1
                if entering[target] == 0:
                    heapq.heappush(ready, (frames[target], target))
    if len(order) < len(alive):
        raise ConfigError(f"lattice: the arcs form a cycle through {len(alive) - len(order)} nodes")
    return order


def _check_nodes(frames: tuple[int, ...]) -> None:
    if not 1 <= len(frames) <= MAX_NODES:
        raise ConfigError(f"lattice: {len(frames)} nodes, accepted are 1 to {MAX_NODES}")
    before = 0
    for node, frame in enumerate(frames):
        if not 0 <= frame <= MAX_FRAME:
            raise ConfigError(f"lattice: node {node} is at frame {frame}, accepted are 0 to {MAX_FRAME}")
        if frame < before:
            raise ConfigError(
                f"lattice: node {node} is at frame {frame}, before the node in front of it at {before}"
            )
        before = frame


def _check_arc(arc: Arc, frames: tuple[int, ...], where: str) -> None:
    if not 0 <= arc.source < arc.target < len(frames):
        raise ConfigError(
            f"{where}: leads from node {arc.source} to {arc.target}, accepted is upwards within 0 to {len(frames) - 1}"
        )
    first, last = frames[arc.source], frames[arc.target]
    if not first <= arc.start_frame <= arc.end_frame <= last:
        raise ConfigError(
            f"{where}: lasts from frame {arc.start_frame} to {arc.end_frame}, accepted is within {first} to {last}"
        )
    for name, score in (("acoustic", arc.acoustic), ("context", arc.context)):
        if not (math.isfinite(score) and abs(score) <= MAX_SCORE):
            raise ConfigError(
                f"{where}: {name} score is {score}, accepted are -{MAX_SCORE:.0f} to {MAX_SCORE:.0f}"
            )


def _check_word(word: str, where: str) -> None:
    if any(c.isspace() or c in "\ufffe\uffff" or unicodedata.category(c) in ("Cc", "Cs") for c in word):
        raise ConfigError(
            f"{where}: word {word!r} holds white space, a control character or no character at all"
        )
    if len(word.encode()) > MAX_WORD_BYTES:
        raise ConfigError(
            f"{where}: word of {len(word.encode())} bytes, accepted are at most {MAX_WORD_BYTES}"
        )


def _check_connected(count: int, arcs: Iterable[Arc]) -> None:
    """Refuse dead ends; as arcs lead upwards, each other node then lies on a path from start to end."""
    arcs = tuple(arcs)
    entered = {arc.target for arc in arcs} | {0}
    left = {arc.source for arc in arcs} | {count - 1}
    for node in range(count):
        if node not in entered:
            raise ConfigError(f"lattice: no arc enters node {node}, and only node 0 is the start")
        if node not in left:
            raise ConfigError(f"lattice: no arc leaves node {node}, and only node {count - 1} is the end")
