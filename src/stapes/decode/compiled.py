"""The searches of the compiled module: the results of `GreedySearch` and `BeamSearch`, many times faster.

They run over a network of that module, and expect what its packed model expects, and phrases.

Shapes: n frames, J joint width, W words.
"""

import importlib
from collections.abc import Sequence
from itertools import starmap
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stapes.decode.hypothesis import Hypothesis, Word
from stapes.decode.wording import DEFAULT_LIMITS, LatticeLimits
from stapes.lattice import Arc, Lattice

if TYPE_CHECKING:
    from stapes._native import BeamSearch, BeamState, GreedySearch, GreedyState, Network, PhraseLists

MOST_LISTS = 6
"""Lists of phrases in one compiled search."""

_Found: TypeAlias = tuple[list[int], list[int], float, list[tuple[str, int, int, float, int]], int]
_Graph: TypeAlias = tuple[list[int], list[tuple[int, int, str, int, int, float, float]]]


class CompiledGreedySearch:
    """`stapes.decode.GreedySearch` over a compiled ``network``."""

    def __init__(self, network: "Network") -> None:
        self._search: GreedySearch = importlib.import_module("stapes._native").GreedySearch(network)

    def init_state(self) -> "GreedyState":
        """The state before the first frame."""
        return self._search.init_state()

    def advance(self, frames: NDArray[np.float32], state: "GreedyState") -> "GreedyState":
        """The state after ``frames`` [n, J], the same for every way to cut them.

        Raises:
            FormatError: the model gives no symbol of a frame a probability.
        """
        return self._search.advance(np.ascontiguousarray(frames), state)

    def result(self, state: "GreedyState") -> Hypothesis:
        """The hypothesis after the frames so far; partial and final results alike."""
        return _to_hypothesis(self._search.result(state))

    def lattice(self, state: "GreedyState", frame_ms: int) -> Lattice:
        """The one path of the frames so far, of ``frame_ms`` each."""
        return _to_lattice(self._search.lattice(state), frame_ms)


class CompiledBeamSearch:
    """`stapes.decode.BeamSearch` over a compiled ``network``.

    Args:
        network: with its language model, which is expected.
        beam: at least 1; contexts kept after each frame, and extensions tried at each.
        lists: what `stapes.decode.Phrases.compile_native` gave, at most ``MOST_LISTS``.
        score_beam: at least 0, in nats; histories further below the best are dropped. Infinity keeps all.
        histories: at least 1; kept apart in one context until they can be merged without loss.

    Raises:
        ConfigError: a setting is out of range.
    """

    def __init__(
        self,
        network: "Network",
        beam: int,
        lists: "Sequence[PhraseLists]" = (),
        score_beam: float = 8.0,
        histories: int = 4,
    ) -> None:
        made = importlib.import_module("stapes._native").BeamSearch
        self._search: BeamSearch = made(network, list(lists), beam, score_beam, histories)

    def init_state(self) -> "BeamState":
        """The state before the first frame."""
        return self._search.init_state()

    def advance(self, frames: NDArray[np.float32], state: "BeamState") -> "BeamState":
        """The state after ``frames`` [n, J], the same for every way to cut them.

        Raises:
            FormatError: the model gives no hypothesis of a frame a probability.
        """
        return self._search.advance(np.ascontiguousarray(frames), state)

    def result(self, state: "BeamState") -> Hypothesis:
        """The best hypothesis after the frames so far; partial and final results alike."""
        return _to_hypothesis(self._search.result(state))

    def lattice(self, state: "BeamState", frame_ms: int, limits: LatticeLimits = DEFAULT_LIMITS) -> Lattice:
        """What may have been said in the frames so far, of ``frame_ms`` each; its best path is ``result``."""
        return _to_lattice(self._search.lattice(state, limits.posterior, limits.max_arcs), frame_ms)

    def certainties(self, state: "BeamState") -> NDArray[np.float64]:
        """[W] posterior of each word of ``result`` in ``lattice``."""
        return np.array(self._search.certainties(state))

    def log_blank(self, frame: NDArray[np.float32], state: "BeamState") -> float:
        """Log-probability of blank at ``frame`` [J] after the most probable history of ``state``."""
        return self._search.log_blank(frame, state)


def _to_hypothesis(found: _Found) -> Hypothesis:
    labels, frames, log_prob, words, stable = found
    return Hypothesis(tuple(labels), tuple(frames), log_prob, tuple(starmap(Word, words)), stable)


def _to_lattice(graph: _Graph, frame_ms: int) -> Lattice:
    frames, arcs = graph
    return Lattice(tuple(frames), tuple(starmap(Arc, arcs)), frame_ms)
