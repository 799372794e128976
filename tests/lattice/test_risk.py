"""Minimum Bayes risk against the true expected edit distance."""

import itertools
import math

import pytest

from stapes.lattice import Arc, Lattice, best_path, minimum_bayes_risk
from tests.lattice.enumeration import all_paths, edit_distance, random_lattice, score_of, words_of


def true_risk(lattice: Lattice, words: tuple[str, ...]) -> float:
    """Edit distance of ``words``, on average over all paths."""
    paths = all_paths(lattice)
    weights = [math.exp(score_of(lattice, path)) for path in paths]
    errors = [edit_distance(words, words_of(lattice, path)) for path in paths]
    return math.fsum(w * e for w, e in zip(weights, errors, strict=True)) / math.fsum(weights)


def slots(*choices: dict[str, float]) -> Lattice:
    """A sequence of independent choices, each word with its probability."""
    arcs = [
        Arc(node, node + 1, word, node, node + 1, math.log(share))
        for node, choice in enumerate(choices)
        for word, share in choice.items()
    ]
    return Lattice(tuple(range(len(choices) + 1)), tuple(arcs))


@pytest.mark.parametrize("seed", range(60))
def test_expected_errors_bound_the_true_ones(seed: int) -> None:
    lattice = random_lattice(seed)
    found = minimum_bayes_risk(lattice)
    assert true_risk(lattice, found.words) <= found.expected_errors + 1e-6
    assert len(found.posteriors) == len(found.words)
    assert all(0.0 <= share <= 1.0 for share in found.posteriors)


def test_near_the_true_optimum_on_average_and_better_than_the_best_path() -> None:
    ours = best = least = 0.0
    for seed in range(15):
        lattice = random_lattice(seed, nodes=5)
        candidates = [words for n in range(5) for words in itertools.product("abc", repeat=n)]
        least += min(true_risk(lattice, words) for words in candidates)
        ours += true_risk(lattice, minimum_bayes_risk(lattice).words)
        best += true_risk(lattice, best_path(lattice).words)
    assert least <= ours <= least * 1.01
    assert ours < best


def test_exact_on_independent_choices_of_different_words() -> None:
    lattice = slots({"a": 0.4, "b": 0.35, "f": 0.25}, {"c": 0.7, "g": 0.3}, {"d": 0.9, "e": 0.1})
    found = minimum_bayes_risk(lattice)
    assert found.words == ("a", "c", "d")
    assert found.posteriors == pytest.approx((0.4, 0.7, 0.9))
    assert found.expected_errors == pytest.approx(0.6 + 0.3 + 0.1)
    assert true_risk(lattice, found.words) == pytest.approx(found.expected_errors)


def test_words_that_share_votes_beat_the_best_path() -> None:
    arcs = (
        Arc(0, 1, "x", 0, 1, math.log(0.4)),
        Arc(0, 2, "a", 0, 1, math.log(0.6)),
        Arc(1, 3, "y", 1, 2, 0.0),
        Arc(2, 3, "b", 1, 2, math.log(0.5)),
        Arc(2, 3, "c", 1, 2, math.log(0.5)),
    )
    lattice = Lattice((0, 1, 1, 2), arcs)
    assert best_path(lattice).words == ("x", "y")
    found = minimum_bayes_risk(lattice)
    assert found.words[0] == "a"
    assert found.posteriors[0] == pytest.approx(0.6)


def test_words_grow_where_most_paths_have_more() -> None:
    lattice = Lattice(
        (0, 1, 2, 3),
        (
            Arc(0, 3, "a", 0, 3, math.log(0.3)),
            Arc(0, 1, "b", 0, 1, math.log(0.7)),
            Arc(1, 2, "c", 1, 2, 0.0),
            Arc(2, 3, "a", 2, 3, math.log(0.36)),
            Arc(2, 3, "d", 2, 3, math.log(0.34)),
            Arc(2, 3, "e", 2, 3, math.log(0.3)),
        ),
    )
    assert best_path(lattice).words == ("a",)
    assert minimum_bayes_risk(lattice).words == ("b", "c", "a")


def test_words_go_that_most_paths_lack_though_the_best_ones_have_them() -> None:
    arcs = []
    for node, word in enumerate("abcdef"):
        arcs.append(Arc(2 * node, 2 * node + 1, word, 0, 0, math.log(0.4)))
        arcs += [Arc(2 * node, 2 * node + 1, "", 0, 0, math.log(0.3))] * 2
        arcs.append(Arc(2 * node + 1, 2 * node + 2, word.upper(), 0, 0, 0.0))
    lattice = Lattice((0,) * 13, tuple(arcs))
    assert best_path(lattice).words == tuple("aAbBcCdDeEfF")
    found = minimum_bayes_risk(lattice)
    assert found.words == tuple("ABCDEF")
    assert found.expected_errors == pytest.approx(6 * 0.4)


def test_nothing_is_certain_of_the_empty_utterance() -> None:
    found = minimum_bayes_risk(Lattice((0,), ()))
    assert (found.words, found.posteriors, found.expected_errors) == ((), (), 0.0)
