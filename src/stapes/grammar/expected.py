"""A grammar as what is expected to be said, for a search (``stapes.decode.Expectation``).

Shapes: V vocabulary.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.decode.scorer import unemittable
from stapes.decode.words import WORD_MARK
from stapes.errors import ConfigError
from stapes.grammar.automaton import Automaton, Reached

CACHED_STATES = 4096
"""Bound on the states of which it is kept which labels may follow (1 MB at V = 256)."""


@dataclass(frozen=True, slots=True)
class _Branch:
    """A node of the tree of letters that the pieces make."""

    labels: list[int]
    below: "dict[str, _Branch]"


class _Labels:
    """Which labels may follow a state, and where they lead."""

    def __init__(self, automaton: Automaton, vocabulary: Sequence[str]) -> None:
        self._automaton = automaton
        self._pieces = vocabulary
        spoken = np.flatnonzero(~unemittable(vocabulary)).tolist()
        self._marked = _tree({label: vocabulary[label] for label in spoken if _begins(vocabulary[label])})
        self._unmarked = _tree(
            {label: vocabulary[label] for label in spoken if not _begins(vocabulary[label])}
        )
        self._allowed: dict[Reached, NDArray[np.intp]] = {}

    def allowed(self, state: Reached) -> NDArray[np.intp]:
        """The labels that may follow ``state``; kept for the states that came first."""
        labels = self._allowed.get(state)
        if labels is None:
            labels = np.array(
                [
                    *self._readable(state, self._marked, state.wild_word),
                    *self._readable(state, self._unmarked, state.wild),
                ],
                dtype=np.intp,
            )
            if len(self._allowed) >= CACHED_STATES:
                del self._allowed[next(iter(self._allowed))]
            self._allowed[state] = labels
        return labels

    def literal(self, state: Reached) -> list[int]:
        """The labels that may follow ``state`` without a letter inside a wildcard."""
        trees = (self._marked, self._unmarked)
        return [label for tree in trees for label in self._walk(tree, state, literal=True)]

    def after(self, state: Reached, label: int) -> Reached | None:
        """The state after ``label``; None outside of the grammar."""
        reached: Reached | None = state
        for letter in self._pieces[label]:
            if reached is not None:
                reached = self._automaton.read(reached, letter)
        return reached

    def _readable(self, state: Reached, tree: _Branch, wild: bool) -> Iterator[int]:
        """The labels of ``tree`` that may follow; all of them where a wildcard reads on."""
        return _labels(tree) if wild else self._walk(tree, state, literal=False)

    def _walk(self, tree: _Branch, start: Reached, literal: bool) -> Iterator[int]:
        work = [(tree, start)]
        while work:
            branch, state = work.pop()
            yield from branch.labels
            before = self._automaton.literal(state) if literal else state
            for letter, below in branch.below.items():
                after = None if before is None else self._automaton.read(before, letter)
                if after is not None:
                    work.append((below, after))


def _begins(piece: str) -> bool:
    return piece.startswith(WORD_MARK)


def _tree(pieces: Mapping[int, str]) -> _Branch:
    root = _Branch([], {})
    for label, piece in pieces.items():
        branch = root
        for letter in piece:
            branch = branch.below.setdefault(letter, _Branch([], {}))
        branch.labels.append(label)
    return root


def _labels(branch: _Branch) -> Iterator[int]:
    yield from branch.labels
    for below in branch.below.values():
        yield from _labels(below)


class Restriction:
    """Allows the sentences of a grammar and nothing else; may serve several searches one after the other.

    Args:
        automaton: of the grammar.
        vocabulary: the V pieces by label.
    """

    def __init__(self, automaton: Automaton, vocabulary: Sequence[str]) -> None:
        self._start = automaton.start()
        self._size = len(vocabulary)
        self._labels = _Labels(automaton, vocabulary)

    def start(self) -> Reached:
        """The state before the first label."""
        return self._start

    def scores(self, state: Reached) -> NDArray[np.float32]:
        """[V] 0 for a label that a sentence may go on with, minus infinity for another."""
        row = np.full(self._size, -np.inf, dtype=np.float32)
        row[self._labels.allowed(state)] = 0.0
        return row

    def step(self, state: Reached, label: int) -> Reached:
        """The state after ``label``, which ``scores`` allows."""
        reached = self._labels.after(state, label)
        if reached is None:
            raise ConfigError(
                f"grammar: label {label} leads outside of it; those that `scores` allows are accepted"
            )
        return reached

    def final(self, state: Reached) -> float:
        """0 where a sentence may end, else minus infinity."""
        return 0.0 if state.complete else -math.inf


@dataclass(frozen=True, slots=True)
class Followed:
    """A state of ``Boost``: a sentence that was followed so far, and the letters that were granted for it."""

    reached: Reached
    letters: int


class Boost:
    """Favours the sentences of a grammar; what leaves them costs all that was granted, and is free from then on.

    The bonus is granted by the letter, so that it does not matter into which pieces a word is cut. Words of a
    wildcard are granted nothing.

    Args:
        automaton: of the grammar.
        vocabulary: the V pieces by label.
        bonus: nats for each letter.
    """

    def __init__(self, automaton: Automaton, vocabulary: Sequence[str], bonus: float) -> None:
        self._start = Followed(automaton.start(), 0)
        self._lengths = np.array([len(piece.replace(WORD_MARK, "")) for piece in vocabulary])
        self._bonus = bonus
        self._nothing = np.zeros(len(vocabulary), dtype=np.float32)
        self._labels = _Labels(automaton, vocabulary)

    def start(self) -> Followed | None:
        """The state before the first label."""
        return self._start

    def scores(self, state: Followed | None) -> NDArray[np.float32]:
        """[V] the bonus of each label, or what is taken back if it leaves the grammar."""
        if state is None:
            return self._nothing
        row = np.full(len(self._nothing), -self._bonus * state.letters, dtype=np.float32)
        row[self._labels.allowed(state.reached)] = 0.0
        followed = self._labels.literal(state.reached)
        row[followed] = self._bonus * self._lengths[followed]
        return row

    def step(self, state: Followed | None, label: int) -> Followed | None:
        """The state after ``label``; None outside of the grammar."""
        reached = None if state is None else self._labels.after(state.reached, label)
        if state is None or reached is None:
            return None
        granted = int(self._lengths[label]) if label in self._labels.literal(state.reached) else 0
        return Followed(reached, state.letters + granted)

    def final(self, state: Followed | None) -> float:
        """What is taken back from a sentence that was not finished."""
        if state is None or state.reached.complete:
            return 0.0
        return -self._bonus * state.letters
