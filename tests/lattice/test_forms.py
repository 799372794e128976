"""Determinised, minimised and composed lattices hold the same sequences with the right scores."""

import itertools
import math
from collections import Counter, defaultdict

import pytest

from stapes.errors import ConfigError
from stapes.lattice import Arc, Lattice, compose, determinise, minimise
from tests.lattice.enumeration import all_paths, random_lattice, score_of, words_of

SEEDS = range(60)
EMPTY = Lattice((3,), ())
Scores = dict[tuple[str, ...], tuple[float, float]]


def best_scores(lattice: Lattice) -> Scores:
    """Acoustic and context score of the best path of each word sequence."""
    ways: dict[tuple[str, ...], list[tuple[float, float]]] = defaultdict(list)
    for path in all_paths(lattice):
        arcs = [lattice.arcs[index] for index in path]
        ways[words_of(lattice, path)].append((sum(a.acoustic for a in arcs), sum(a.context for a in arcs)))
    return {words: max(scores, key=sum) for words, scores in ways.items()}


def same(one: Scores, other: Scores) -> bool:
    return one.keys() == other.keys() and all(one[words] == pytest.approx(other[words]) for words in one)


@pytest.mark.parametrize("seed", SEEDS)
def test_determinised_holds_each_sequence_once_with_the_scores_of_its_best_path(seed: int) -> None:
    lattice = random_lattice(seed, words="ab")
    result = determinise(lattice)
    paths = all_paths(result)
    assert len({words_of(result, path) for path in paths}) == len(paths)
    assert same(best_scores(result), best_scores(lattice))
    leaving = Counter((arc.source, arc.word) for arc in result.arcs)
    assert set(leaving.values()) <= {1}
    assert all(arc.target == result.end for arc in result.arcs if not arc.word)


def test_determinised_merges_what_has_one_future() -> None:
    arcs = []
    for node in range(0, 40, 2):
        arcs += [
            Arc(node, node + 1, "a", node, node + 1, -1.0),
            Arc(node, node + 2, "a", node, node + 2, -2.0),
        ]
        arcs += [Arc(node + 1, node + 2, "", node + 2, node + 2, 0.0)]
    result = determinise(Lattice(tuple(range(41)), tuple(arcs)))
    assert [(arc.word, arc.acoustic) for arc in result.arcs] == [("a", -1.0)] * 20


def test_splitting_says_when_it_grows_beyond_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    lattice = Lattice((0, 1, 2, 3), tuple(Arc(n, n + 1, word, n, n, -1.0) for n in range(3) for word in "ab"))
    for room, act in (
        ("reduction", determinise),
        ("composition", lambda lattice: compose(lattice, Bigram())),
    ):
        monkeypatch.setattr(f"stapes.lattice.{room}.MAX_NODES", 3)
        with pytest.raises(
            ConfigError, match=r"^\w+: more than 3 nodes are needed; prune the lattice first$"
        ):
            act(lattice)


@pytest.mark.parametrize("seed", SEEDS)
def test_minimised_holds_the_same_paths(seed: int) -> None:
    lattice = random_lattice(seed)

    def told(lattice: Lattice) -> list[tuple[object, ...]]:
        paths = []
        for path in all_paths(lattice):
            arcs = [lattice.arcs[index] for index in path]
            spans = tuple((arc.word, arc.start_frame, arc.end_frame) for arc in arcs)
            acoustic, context = sum(arc.acoustic for arc in arcs), sum(arc.context for arc in arcs)
            paths.append((spans, round(acoustic, 7), round(context, 7)))
        return sorted(paths)

    result = minimise(lattice)
    assert told(result) == told(lattice)
    assert len(result.frames) <= len(lattice.frames)
    assert minimise(result).frames == result.frames


def test_minimised_merges_ends_that_differ_in_scores_pushed_forward() -> None:
    arcs = (
        Arc(0, 1, "a", 0, 1, -1.0),
        Arc(0, 2, "b", 0, 1, -2.0),
        Arc(1, 3, "c", 1, 2, -3.0, -1.0),
        Arc(2, 3, "c", 1, 2, -5.0, -2.0),
    )
    result = minimise(Lattice((0, 1, 1, 2), arcs))
    assert [(arc.word, arc.acoustic, arc.context) for arc in result.arcs] == [
        ("a", -4.0, -1.0),
        ("b", -7.0, -2.0),
        ("c", 0.0, 0.0),
    ]


def test_minimised_keeps_words_apart_that_differ_in_time() -> None:
    arcs = [Arc(0, 1, "a", 0, 5, -1.0), Arc(0, 2, "b", 0, 5, -1.0)]
    for start, end in ((6, 9), (5, 8)):
        other = [Arc(1, 3, "c", 5, 9, -1.0), Arc(2, 3, "c", start, end, -1.0)]
        lattice = Lattice((0, 5, 5, 9), (*arcs, *other))
        assert sorted((arc.start_frame, arc.end_frame) for arc in minimise(lattice).arcs) == sorted(
            (arc.start_frame, arc.end_frame) for arc in lattice.arcs
        )
    lattice = Lattice((0, 5, 5, 9), (*arcs, Arc(1, 3, "c", 5, 9, -1.0), Arc(2, 3, "c", 5, 9, -1.0)))
    assert minimise(lattice).frames == (0, 5, 9)


class Bigram:
    """Scores a word by itself and the one before it."""

    def start(self) -> str:
        return "<s>"

    def step(self, state: str, word: str) -> tuple[str, float]:
        return word, self.score(state, word)

    def end(self, state: str) -> float:
        return self.score(state, "</s>")

    @staticmethod
    def score(state: str, word: str) -> float:
        return -(sum(map(ord, state)) * 7 + sum(map(ord, word)) * 3) % 11 / 4

    def of(self, words: tuple[str, ...]) -> float:
        sequence = ["<s>", *words, "</s>"]
        return math.fsum(self.score(a, b) for a, b in itertools.pairwise(sequence))


@pytest.mark.parametrize("seed", SEEDS)
def test_composed_adds_the_model_to_the_context_of_every_path(seed: int) -> None:
    lattice, model = random_lattice(seed), Bigram()
    result = compose(lattice, model)
    expected = [
        (words_of(lattice, path), round(score_of(lattice, path) + model.of(words_of(lattice, path)), 7))
        for path in all_paths(lattice)
    ]
    found = [(words_of(result, path), round(score_of(result, path), 7)) for path in all_paths(result)]
    assert sorted(found) == sorted(expected)
    assert sorted({arc.acoustic for arc in result.arcs}) == sorted({arc.acoustic for arc in lattice.arcs})


def test_forms_of_the_empty_utterance() -> None:
    assert determinise(EMPTY) == minimise(EMPTY) == EMPTY
    assert best_scores(compose(EMPTY, Bigram())) == {(): (0.0, Bigram().of(()))}
