"""What is expected to be said: scores that a search adds to those of the sound (shallow fusion).

A language model, the user's phrases and a grammar are all the same to the search: automata that read labels, score
the next one, and have a state that is a value. Histories whose labels and states agree have the same future, so the
fewer distinct states, the better the beam is used.

Shapes: V vocabulary.
"""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stapes.decode.scorer import Context

Grouping = tuple[Context, tuple[Hashable, ...]]
"""What decides the future of a history: its last two labels, and the state of what is expected."""

CACHED_STATES = 4096
"""Bound on the score rows that a search keeps (4 MB at V = 256)."""


class Expectation(Protocol):
    """Scores label sequences from left to right, in nats; its scores are a function of the labels alone.

    A sequence scores the sum of its steps plus ``final`` of where they lead. Rows and states must not change once
    they were given out, and do not depend on what was asked before.
    """

    def start(self) -> Hashable:
        """The state before the first label."""

    def scores(self, state: Any) -> NDArray[np.float32]:
        """[V] score of each label after ``state``; minus infinity forbids one. That of blank is not looked at."""

    def step(self, state: Any, label: int) -> Hashable:
        """The state after ``label``, which ``scores`` does not forbid."""

    def final(self, state: Any) -> float:
        """Score of nothing following ``state``: what is taken back, or what an end is worth; may be infinite."""


class Expectations:
    """Several expectations as one; their scores are added.

    Args:
        parts: any number of them, over the same vocabulary.
        vocabulary: V.
    """

    def __init__(self, parts: Sequence[Expectation], vocabulary: int) -> None:
        self._parts = tuple(parts)
        self._nothing = np.zeros(vocabulary, dtype=np.float32)
        self._rows: dict[Hashable, NDArray[np.float32]] = {}

    def start(self) -> tuple[Hashable, ...]:
        """The states of all parts before the first label."""
        return tuple(part.start() for part in self._parts)

    def scores(self, state: tuple[Hashable, ...]) -> NDArray[np.float32]:
        """[V] sum of the parts' scores; at most ``CACHED_STATES`` rows are kept, the oldest leaves first."""
        row = self._rows.get(state)
        if row is None:
            pairs = zip(self._parts, state, strict=True)
            row = sum((part.scores(own) for part, own in pairs), start=self._nothing)
            if len(self._rows) >= CACHED_STATES:
                del self._rows[next(iter(self._rows))]
            self._rows[state] = row
        return row

    def step(self, state: tuple[Hashable, ...], label: int) -> tuple[Hashable, ...]:
        """The states of all parts after ``label``."""
        return tuple(part.step(own, label) for part, own in zip(self._parts, state, strict=True))

    def final(self, state: tuple[Hashable, ...]) -> float:
        """Sum of what the parts give to an end."""
        return sum(part.final(own) for part, own in zip(self._parts, state, strict=True))
