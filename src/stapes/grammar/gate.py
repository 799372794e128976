"""Is what was heard a sentence of the grammar? Two searches over the same frames: one may say anything, one may not.

If a sentence of the grammar was said, the search that is held to the grammar finds it, and it explains the sound
about as well as anything does. If something else was said, the free search finds words that explain the sound better.
How much better, in nats, is what the gate decides on: a likelihood ratio test as in utterance verification (Sukkar and
Lee 1996), with the recogniser itself as the model of everything else.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.decode import Hypothesis, Search, SearchState
from stapes.errors import ConfigError
from stapes.grammar.grammar import Grammar
from stapes.grammar.matching import Match
from stapes.lattice import Lattice


@dataclass(frozen=True, slots=True)
class Gate:
    """By how much a sentence may explain the sound worse than the best words of all.

    Attributes:
        nats: at least 0, for the whole utterance; `benchmarks/grammar.py` shows what other values would do.
    """

    nats: float = 5.0

    def __post_init__(self) -> None:
        if not self.nats >= 0:
            raise ConfigError(f"gate: nats is {self.nats}; 0 or more is accepted")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two searches made of the same sound.

    Attributes:
        free: the best words of all.
        held: the best words that the grammar knows; those that a sentence begins with if there is no whole one.
        match: what they mean; None unless they are a whole sentence.
        deficit: by how many nats ``held`` explains the sound worse than ``free``; infinite without a sentence.
        understood: whether a sentence was said.
    """

    free: Hypothesis
    held: Hypothesis
    match: Match | None
    deficit: float
    understood: bool


PairState = tuple[SearchState, SearchState]
"""Where the free search and the held one stand; a value."""


class GatedSearch:
    """A free search and one that is held to a grammar, side by side.

    Args:
        free: a search for any words.
        held: the same search with the restriction of ``grammar`` among what is expected.
        grammar: what is understood.
        gate: what passes as understood.
    """

    def __init__(self, free: Search, held: Search, grammar: Grammar, gate: Gate | None = None) -> None:
        self._free = free
        self._held = held
        self._grammar = grammar
        self._gate = gate or Gate()

    def init_state(self) -> PairState:
        """The state before the first frame."""
        return self._free.init_state(), self._held.init_state()

    def advance(self, frames: NDArray[np.float32], state: PairState) -> PairState:
        """The state after ``frames`` [n, J]."""
        free, held = state
        return self._free.advance(frames, free), self._held.advance(frames, held)

    def result(self, state: PairState) -> Hypothesis:
        """The best words so far, of the grammar or not."""
        return self._free.result(state[0])

    def lattice(self, state: PairState, frame_ms: int) -> Lattice:
        """What may have been said in the frames so far, of ``frame_ms`` each, of the grammar or not."""
        return self._free.lattice(state[0], frame_ms)

    def certainties(self, state: PairState) -> NDArray[np.float64]:
        """[W] posterior of each word of ``result`` in ``lattice``."""
        return self._free.certainties(state[0])

    def verdict(self, state: PairState) -> Verdict:
        """Whether the frames so far are a sentence of the grammar, and which."""
        free, held = self._free.result(state[0]), self._held.result(state[1])
        match = self._grammar.parse([word.text for word in held.words])
        deficit = math.inf if match is None else free.log_prob - held.log_prob
        return Verdict(free, held, match, deficit, deficit <= self._gate.nats)
