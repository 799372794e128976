"""Is what was heard a sentence of the grammar? Two searches over the same frames: one may say anything, one may not.

If a sentence of the grammar was said, the search that is held to the grammar finds it, and it explains the sound
about as well as anything does. If something else was said, the free search finds words that explain the sound better.
How much better, in nats, is what the gate decides on: a likelihood ratio test as in utterance verification (Sukkar and
Lee 1996), with the recogniser itself as the model of everything else.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.decode import BeamSearch, BeamState, Expectation, Hypothesis, Scorer
from stapes.errors import ConfigError
from stapes.grammar.grammar import Grammar
from stapes.grammar.matching import Match


@dataclass(frozen=True, slots=True)
class Gate:
    """How much worse than anything at all a sentence may explain the sound.

    Attributes:
        nats: at least 0, for the whole utterance.
        nats_per_label: at least 0, added for each label of the free search: long sentences hold more errors.
    """

    nats: float = 3.0
    nats_per_label: float = 0.1

    def __post_init__(self) -> None:
        for name in ("nats", "nats_per_label"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"gate: {name} is {getattr(self, name)}; 0 or more is accepted")

    def margin(self, deficit: float, labels: int) -> float:
        """By how much a sentence ``deficit`` nats worse than ``labels`` free labels passes; below 0 it fails."""
        return self.nats + self.nats_per_label * labels - deficit


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two searches made of the same sound.

    Attributes:
        free: the best words of all.
        held: the best words that a sentence of the grammar begins with.
        match: what they mean; None unless they are a whole sentence.
        deficit: by how many nats ``held`` explains the sound worse than ``free``; infinite without a sentence.
        margin: of the gate; minus infinity without a sentence.
    """

    free: Hypothesis
    held: Hypothesis
    match: Match | None
    deficit: float
    margin: float

    @property
    def understood(self) -> bool:
        """Whether a sentence of the grammar was said."""
        return self.margin >= 0


PairState = tuple[BeamState, BeamState]
"""Where the free search and the held one stand; a value."""


class GatedSearch:
    """A free search and one that is held to a grammar, side by side.

    Args:
        scorer: the model.
        grammar: what is understood.
        beam: of both searches, as in ``stapes.decode.BeamSearch``.
        expected: what is expected to be said, by both.
        gate: what passes as understood.
    """

    def __init__(
        self,
        scorer: Scorer,
        grammar: Grammar,
        beam: int = 4,
        expected: Sequence[Expectation] = (),
        gate: Gate | None = None,
    ) -> None:
        held = (*expected, grammar.restriction(scorer.vocabulary))
        self._free = BeamSearch(scorer, beam, expected=expected)
        self._held = BeamSearch(scorer, beam, expected=held)
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

    def verdict(self, state: PairState) -> Verdict:
        """Whether the frames so far are a sentence of the grammar, and which."""
        free, held = self._free.result(state[0]), self._held.result(state[1])
        match = self._grammar.parse([word.text for word in held.words])
        deficit = math.inf if match is None else free.log_prob - held.log_prob
        return Verdict(free, held, match, deficit, self._gate.margin(deficit, len(free.labels)))
