"""An n-gram language model over labels, added to the scores of the sound.

Letters: V vocabulary, K n-grams of one order.

The model is an automaton: each context that was seen is a state, each n-gram an arc, and the state after a label is
the longest context that was seen. Label 0 is the boundary of a sentence.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stapes.decode.scorer import BLANK

_ROOT = 0


class NGramTables(Protocol):
    """An n-gram model, its orders one after another, each sorted by its labels."""

    @property
    def children(self) -> Sequence[NDArray[np.int64]]:
        """For each order but the highest, [K] how many n-grams of the next order begin with this one."""

    @property
    def labels(self) -> Sequence[NDArray[np.int64]]:
        """For each order, [K] last label of each n-gram; the first order holds all V labels in turn."""

    @property
    def log_probs(self) -> Sequence[NDArray[np.float32]]:
        """For each order, [K] natural log-probability of that label after the ones before it."""

    @property
    def backoffs(self) -> Sequence[NDArray[np.float32]]:
        """For each order but the highest, [K] natural log weight of shorter contexts after this n-gram."""

    @property
    def scale(self) -> float:
        """Factor of the log-probabilities."""

    @property
    def reward(self) -> float:
        """Added for each label, in nats: a language model alone favours short texts."""

    @property
    def internal_scale(self) -> float:
        """Factor of what the transducer itself expects, which is taken off; see `InternalLanguageModel`."""


class NGram:
    """What an n-gram model expects; a `stapes.decode.Expectation`.

    Args:
        tables: the model.
    """

    def __init__(self, tables: NGramTables) -> None:
        self._scale = np.float32(tables.scale)
        self._reward = np.float32(tables.reward)
        self._labels = np.concatenate(tables.labels)
        self._log_probs = np.concatenate(tables.log_probs)
        # State s > 0 is the n-gram s - 1 as a context; state 0 is the empty context, whose arcs are order 1.
        self._backoffs = np.concatenate([[0.0], *tables.backoffs]).astype(np.float32)
        counts = np.concatenate([[len(tables.labels[0])], *tables.children])
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._shorter = {_ROOT: _ROOT}

    def _reached(self, state: int, label: int) -> int:
        """The longest context seen that ends the labels of ``state`` followed by ``label``."""
        while True:
            arc = self._arc(state, label)
            if arc is not None and arc + 1 < len(self._backoffs):
                return arc + 1
            if state == _ROOT:
                return _ROOT
            state = self._next_shorter(state)

    def _next_shorter(self, state: int) -> int:
        """The longest context seen that ends the labels of ``state`` and is shorter."""
        known = self._shorter.get(state)
        if known is None:
            arc = state - 1
            parent = int(np.searchsorted(self._starts, arc, side="right")) - 1
            known = (
                _ROOT
                if parent == _ROOT
                else self._reached(self._next_shorter(parent), int(self._labels[arc]))
            )
            self._shorter[state] = known
        return known

    def _arc(self, state: int, label: int) -> int | None:
        first, end = int(self._starts[state]), int(self._starts[state + 1])
        arc = first + int(np.searchsorted(self._labels[first:end], label))
        return arc if arc < end and self._labels[arc] == label else None

    def start(self) -> int:
        """The context of a beginning."""
        return self._reached(_ROOT, BLANK)

    def scores(self, state: int) -> NDArray[np.float32]:
        """[V] scaled log-probability of each label, and the reward."""
        return self._row(state) * self._scale + self._reward

    def step(self, state: int, label: int) -> int:
        """The context after ``label``."""
        return self._reached(state, label)

    def final(self, state: int) -> float:
        """Scaled log-probability of an end."""
        return float(self._row(state)[BLANK] * self._scale)

    def _row(self, state: int) -> NDArray[np.float32]:
        """[V] log-probability of each label after ``state``."""
        chain = [state]
        while chain[-1] != _ROOT:
            chain.append(self._next_shorter(chain[-1]))
        row = np.zeros(int(self._starts[1]), dtype=np.float32)
        for context in reversed(chain):
            row += self._backoffs[context]
            span = slice(self._starts[context], self._starts[context + 1])
            row[self._labels[span]] = self._log_probs[span]
        return row
