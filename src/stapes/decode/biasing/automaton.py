"""Phrases as an automaton over labels: a bonus while one is being said, taken back when it breaks off.

A label sequence is read as open words and phrases, in the way that earns most. A phrase is worth

    weight · (RARITY · Σ max(0, cost of a word − COMMON) − SIZE · ln max(1, N / FEW))        in nats,

with the cost of each of its words in the generic text that the pieces of the vocabulary were made from
(``stapes.decode.segmenter``) and the number N of phrases in the list; the names of a class add theirs, with the
number of names in the class. In shape this is the log-likelihood ratio of «one of N phrases» to «any text»: rare
and long words earn much, common ones nothing, and each phrase of a long list less than one of a short list. A phrase
that is being said is worth the same of the letters so far, with N over the number of phrases that begin so; since
no reading is ever worth less than that of open words, the first letters of a word, and those that thousands of
names share, earn nothing. What a sequence scores is thus a function of its letters: any pieces that spell a phrase
match it. A class is stored once; each template that names it enters and leaves it. The automaton is that of Aho &
Corasick (1975), with a bonus for each step as in the context graphs of icefall, but read as a best parse.

State: the *threads*, each a place in a template (and in the class that it is in) and its worth apart from that of
the place, relative to the best reading in which nothing is being said. Threads are found when they are first
needed; nothing is expanded. Worths are multiples of 2**-10, so that sums are exact and equal states are equal.

Shapes: V vocabulary.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from stapes.decode.biasing.trie import Place, Trie, TrieNode
from stapes.decode.scorer import BLANK, UNKNOWN_PIECE
from stapes.decode.segmenter import Segmenter
from stapes.decode.words import WORD_MARK

# Chosen on development utterances by `benchmarks.names --choose`.
RARITY = 0.7
COMMON = 5.0
SIZE = 4.0
FEW = 24

FIRST_CLASS = 0xE000
"""Code point (private use) that stands for the first class in a template; the others follow."""

_GRID = 1024


class Position(NamedTuple):
    """Where a thread is: a place in the templates, and in class ``number`` while one is being said."""

    template: Place
    number: int = -1
    member: Place = (0, 0, 0)


Threads = dict[Position, float]
"""Worth of each thread apart from that of its place, relative to the reading in which nothing is being said."""

State = tuple[tuple[Position, float], ...]

_Sparse = tuple[NDArray[np.intp], NDArray[np.float32]]

CACHED = 16384
"""Bound on the steps, and on the rows of places, that are kept."""


@dataclass(frozen=True)
class Lists:
    """What may be said: templates, and the classes that they name.

    Args:
        templates: letters of each phrase, with U+2581 before each word; a class is one letter.
        classes: the members of each, spelled in the same way.
    """

    templates: Trie
    classes: tuple[Trie, ...]


class Biasing:
    """``Lists`` over a vocabulary; an `stapes.decode.Expectation`.

    Args:
        lists: what may be said.
        vocabulary: the V pieces by label.
    """

    def __init__(self, lists: Lists, vocabulary: Sequence[str]) -> None:
        segmenter = Segmenter(vocabulary)
        self._templates = _Worth(lists.templates, segmenter, FEW)
        # As many as all the phrases written out count as few.
        few = max(1.0, FEW / max(1, len(lists.templates)))
        self._classes = [_Worth(members, segmenter, few) for members in lists.classes]
        self._pieces = list(vocabulary)
        self._begins = np.array([piece.startswith(WORD_MARK) for piece in vocabulary])
        self._inside, self._after_mark = _letters(vocabulary)
        self._root = Position(lists.templates.root)
        self._fresh = self._move({self._root: 0.0}, WORD_MARK)
        self._worths: dict[tuple[Position, bool], _Sparse] = {}
        self._steps: dict[tuple[Hashable, int], State] = {}
        self._fresh_row = np.zeros(len(vocabulary), dtype=np.float32)
        self._raise(self._fresh_row, {self._root: 0.0}, True, 0.0)

    def start(self) -> Hashable:
        """Before the first label, which begins a word whatever its piece."""
        return None

    def scores(self, state: Hashable) -> NDArray[np.float32]:
        """[V] what each label adds after ``state``."""
        if state is None:
            row = self._fresh_row.copy()
            self._raise(row, self._fresh, False, 0.0)
            return row
        threads = dict(cast(State, state))
        before = self._worth(threads)
        gain, kept = self._close(threads)
        row = np.where(self._begins, self._fresh_row + np.float32(gain - before), np.float32(-before))
        self._raise(row, threads, False, -before)
        self._raise(row, kept, True, -before)
        return row

    def step(self, state: Hashable, label: int) -> Hashable:
        """The threads after ``label``."""
        after = self._steps.get((state, label))
        if after is None:
            if len(self._steps) >= CACHED:
                del self._steps[next(iter(self._steps))]
            after = self._steps[state, label] = self._step(state, self._pieces[label])
        return after

    def final(self, state: Hashable) -> float:
        """What a phrase that ends here is worth, less what was given for those that do not."""
        threads = dict(cast(State, state or ()))
        return self._close(threads)[0] - self._worth(threads)

    def _step(self, state: Hashable, letters: str) -> State:
        threads = self._fresh if state is None else dict(cast(State, state))
        if letters.startswith(WORD_MARK):
            letters = letters[1:]
            if state is not None:
                gain, kept = self._close(threads)
                kept = {position: apart - gain for position, apart in kept.items()}
                threads = self._move({self._root: 0.0, **kept}, WORD_MARK)
        for letter in letters:
            threads = self._move(threads, letter)
        return tuple(sorted(threads.items()))

    def _raise(self, row: NDArray[np.float32], threads: Threads, begins: bool, base: float) -> None:
        """Lift ``row`` to what the labels are worth that go on with any of ``threads``, as another word or not."""
        for position, apart in threads.items():
            labels, worths = self._following(position, begins)
            if len(labels):
                row[labels] = np.maximum(row[labels], worths + np.float32(apart + base))

    def _following(self, position: Position, begins: bool) -> "_Sparse":
        """The labels that go on from ``position``, and what they lead to is worth."""
        sparse = self._worths.get((position, begins))
        if sparse is None:
            threads: Threads = {position: 0.0}
            found: dict[int, float] = {}
            if begins:
                self._collect(found, self._move(threads, WORD_MARK), self._after_mark)
            else:
                self._collect(found, threads, self._inside)
            labels = np.fromiter(found.keys(), np.intp, len(found))
            sparse = labels, np.fromiter(found.values(), np.float32, len(found))
            if len(self._worths) >= CACHED:
                del self._worths[next(iter(self._worths))]
            self._worths[position, begins] = sparse
        return sparse

    def _collect(self, found: dict[int, float], threads: Threads, letters: "_Letters") -> None:
        """Enter what the labels below ``letters`` lead to from ``threads``."""
        if letters.labels and threads:
            found.update(dict.fromkeys(letters.labels, self._best(threads)))
        branches = {letter for position in threads for letter in self._node(position).next}
        for letter in sorted(branches & letters.next.keys()):
            self._collect(found, self._move(threads, letter), letters.next[letter])

    def _node(self, position: Position) -> TrieNode:
        if position.number < 0:
            return self._templates.trie.node(position.template)
        return self._classes[position.number].trie.node(position.member)

    def _worth(self, threads: Threads) -> float:
        """Worth of the best reading, relative to the one in which nothing is being said."""
        return max(0.0, self._best(threads)) if threads else 0.0

    def _best(self, threads: Threads) -> float:
        return max([apart + self._place_worth(position) for position, apart in threads.items()])

    def _place_worth(self, position: Position) -> float:
        worth = self._templates.so_far(position.template)
        if position.number < 0:
            return worth
        weight = self._templates.trie.node(position.template).weight
        return worth + _grid(weight * self._classes[position.number].so_far(position.member))

    def _close(self, threads: Threads) -> tuple[float, Threads]:
        """What a word's end earns at once, and the threads that another word can go on with."""
        gain = 0.0
        kept: Threads = {}
        for position, apart in threads.items():
            _keep(kept, position, apart)
            if position.number >= 0:
                members = self._classes[position.number]
                if members.trie.node(position.member).entry is None:
                    continue
                weight = self._templates.trie.node(position.template).weight
                apart += _grid(weight * members.whole(position.member))
                position = Position(position.template)
                _keep(kept, position, apart)
            if self._templates.trie.node(position.template).entry is not None:
                gain = max(gain, apart + self._templates.whole(position.template))
        return gain, kept

    def _move(self, threads: Threads, letter: str) -> Threads:
        """The threads after ``letter``."""
        moved: Threads = {}
        for position, apart in threads.items():
            if position.number >= 0:
                member = self._classes[position.number].trie.node(position.member).next.get(letter)
                if member is not None:
                    _keep(moved, Position(position.template, position.number, member), apart)
                continue
            branches = self._templates.trie.node(position.template).next
            if letter in branches:
                _keep(moved, Position(branches[letter]), apart)
            if letter == WORD_MARK:
                self._enter(moved, branches, apart)
        return moved

    def _enter(self, moved: Threads, branches: Mapping[str, Place], apart: float) -> None:
        """Add the first letter of every class among ``branches``."""
        for letter, place in branches.items():
            index = ord(letter) - FIRST_CLASS
            if 0 <= index < len(self._classes):
                members = self._classes[index].trie
                member = members.node(members.root).next.get(WORD_MARK)
                if member is not None:
                    _keep(moved, Position(place, index, member), apart)


class _Worth:
    """What the texts of a trie are worth, whole and unfinished."""

    def __init__(self, trie: Trie, segmenter: Segmenter, few: float) -> None:
        self.trie = trie
        self._few = few
        self._segmenter = segmenter
        self._known: dict[Place, float] = {}

    def so_far(self, place: Place) -> float:
        """Worth of what leads to ``place``."""
        worth = self._known.get(place)
        if worth is None:
            node = self.trie.node(place)
            worth = self._known[place] = self._value(node, node.weight, place[1] - place[0])
        return worth

    def whole(self, place: Place) -> float:
        """Worth of the text that ends at ``place``."""
        node = self.trie.node(place)
        return self._value(node, self.trie.weights[place[0]], 1)

    def _value(self, node: TrieNode, weight: float, count: int) -> float:
        if not node.prefix:
            return 0.0
        cost = sum(max(0.0, self._cost(WORD_MARK + word) - COMMON) for word in _words(node.prefix))
        many = max(1.0, len(self.trie) / (self._few * count))
        return _grid(weight * (RARITY * cost - SIZE * math.log(many)))

    def _cost(self, letters: str) -> float:
        """Cost of ``letters`` as far as whole pieces spell them."""
        return next(cost for cost in reversed(self._segmenter.costs(letters)) if not math.isinf(cost))


@dataclass(frozen=True, slots=True)
class _Letters:
    """The vocabulary by letters: the labels that end here, and what goes on."""

    labels: list[int]
    next: "dict[str, _Letters]"


def _letters(vocabulary: Sequence[str]) -> tuple[_Letters, _Letters]:
    """The labels that go on with a word, and those that begin one, without their mark."""
    inside, begins = _Letters([], {}), _Letters([], {})
    for label, piece in enumerate(vocabulary):
        if label != BLANK and piece != UNKNOWN_PIECE:
            place = begins if piece.startswith(WORD_MARK) else inside
            for letter in piece.removeprefix(WORD_MARK):
                place = place.next.setdefault(letter, _Letters([], {}))
            place.labels.append(label)
    return inside, begins


def _words(prefix: str) -> list[str]:
    """The words of ``prefix``, classes left out."""
    return "".join(" " if c == WORD_MARK or ord(c) >= FIRST_CLASS else c for c in prefix).split()


def _keep(threads: Threads, position: Position, apart: float) -> None:
    """Enter a thread, unless a better one is at the same place."""
    if apart > threads.get(position, -math.inf):
        threads[position] = apart


def _grid(worth: float) -> float:
    return round(worth * _GRID) / _GRID
