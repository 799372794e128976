"""Greedy search: the most probable symbol of every frame.

Shapes: n frames, J joint width, V vocabulary.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.decode.confidence import describe
from stapes.decode.hypothesis import Hypothesis
from stapes.decode.scorer import (
    BLANK,
    INITIAL_CONTEXT,
    Context,
    PredictionCache,
    Scorer,
    require_at_least,
    unemittable,
)
from stapes.decode.trace import ROOT, Node, same_traces
from stapes.decode.wording import DEFAULT_LIMITS, End, word_lattice
from stapes.decode.words import Spelling
from stapes.errors import FormatError
from stapes.lattice import Lattice


@dataclass(frozen=True, slots=True, eq=False)
class GreedyState:
    """Where a greedy search stands; a value: keep it, compare it, continue it more than once.

    Attributes:
        frames: encoder frames consumed.
        node: last emission.
        context: last two labels.
        log_prob: of the path, blanks included.
    """

    frames: int
    node: Node
    context: Context
    log_prob: float

    def __eq__(self, other: object) -> bool:
        """Whether both have consumed as much and found the same."""
        return (
            isinstance(other, GreedyState)
            and (self.frames, self.context, self.log_prob) == (other.frames, other.context, other.log_prob)
            and same_traces([self.node], [other.node])
        )


class GreedySearch:
    """Takes the most probable symbol of every frame; among equals the lowest label, blank first.

    Args:
        scorer: the model.
        emission_delay_frames: at least 0; by how much the model emits late, taken off the times of words.

    Raises:
        ConfigError: a setting is out of range.
    """

    def __init__(self, scorer: Scorer, emission_delay_frames: int = 0) -> None:
        require_at_least("emission_delay_frames", emission_delay_frames, 0)
        self._scorer = scorer
        self._cache = PredictionCache(scorer)
        self._spelling = Spelling(scorer.vocabulary)
        self._delay_frames = emission_delay_frames
        self._forbidden = unemittable(scorer.vocabulary)
        self._forbidden[BLANK] = False

    def init_state(self) -> GreedyState:
        """The state before the first frame."""
        return GreedyState(frames=0, node=ROOT, context=INITIAL_CONTEXT, log_prob=0.0)

    def advance(self, frames: NDArray[np.float32], state: GreedyState) -> GreedyState:
        """The state after ``frames`` [n, J], the same for every way to cut them.

        Raises:
            FormatError: the model gives no symbol of a frame a probability.
        """
        count, node, context, log_prob = state.frames, state.node, state.context, state.log_prob
        prediction = self._cache.rows([context])
        for frame in frames:
            scores = self._scorer.join(frame, prediction)[0]
            label = int(scores.argmax())
            if self._forbidden[label]:
                scores = np.where(self._forbidden, -np.inf, scores)
                label = int(scores.argmax())
            gain = float(scores[label])
            require_probability(gain, count)
            log_prob += gain
            if label != BLANK:
                node = node.emit(label, count, log_prob, min(1.0, math.exp(gain)))
                context = (context[1], label)
                prediction = self._cache.rows([context])
            count += 1
        return GreedyState(count, node, context, log_prob)

    def result(self, state: GreedyState) -> Hypothesis:
        """The hypothesis after the frames so far; partial and final results alike."""
        return describe(self._spelling, state.node, state.log_prob, (), state.node.length, self._delay_frames)

    def lattice(self, state: GreedyState, frame_ms: int) -> Lattice:
        """The one path of the frames so far, of ``frame_ms`` each."""
        end = End(state.node, state.log_prob, 0.0)
        return word_lattice(self._spelling, [end], self._delay_frames, frame_ms, DEFAULT_LIMITS)


def require_probability(log_prob: float, frame: int) -> None:
    """Raise FormatError unless the best ``log_prob`` of ``frame`` is finite."""
    if not math.isfinite(log_prob):
        raise FormatError(
            f"search: frame {frame}: the best symbol has log-probability {log_prob} where a finite one is "
            "accepted; the weights of the model are damaged"
        )
