"""Best path, n-best, posteriors, pruning and oracle against all paths one by one."""

import math
from collections import defaultdict

import numpy as np
import pytest

from stapes.errors import ConfigError
from stapes.lattice import Arc, Lattice, best_path, n_best, oracle, posteriors, prune, word_posteriors
from tests.lattice.enumeration import all_paths, edit_distance, random_lattice, score_of, words_of

SEEDS = range(60)
EMPTY = Lattice((3,), ())


@pytest.mark.parametrize("seed", SEEDS)
def test_posteriors_are_shares_of_the_sum_over_paths(seed: int) -> None:
    lattice = random_lattice(seed)
    arcs, nodes, total = np.zeros(len(lattice.arcs)), np.zeros(len(lattice.frames)), 0.0
    for path in all_paths(lattice):
        weight = math.exp(score_of(lattice, path))
        total += weight
        arcs[list(path)] += weight
        nodes[[0, *(lattice.arcs[index].target for index in path)]] += weight
    found = posteriors(lattice)
    np.testing.assert_allclose(found.arcs, arcs / total, rtol=1e-9)
    np.testing.assert_allclose(found.nodes, nodes / total, rtol=1e-9)
    assert found.total == pytest.approx(math.log(total), rel=1e-9)


def test_posteriors_of_scores_far_out_of_range_of_exp() -> None:
    arcs = (Arc(0, 1, "a", 0, 1, -1e6), Arc(0, 1, "b", 0, 1, -1e6 + math.log(3)))
    np.testing.assert_allclose(posteriors(Lattice((0, 1), arcs)).arcs, [0.25, 0.75], rtol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_word_posteriors_are_the_most_that_any_frame_of_the_word_has(seed: int) -> None:
    lattice = random_lattice(seed)
    own = posteriors(lattice).arcs
    firsts = [lattice.frames[arc.source] for arc in lattice.arcs]
    spans = [
        set(range(first, max(arc.end_frame, first + 1)))
        for first, arc in zip(firsts, lattice.arcs, strict=True)
    ]
    expected = []
    for arc, span, share in zip(lattice.arcs, spans, own, strict=True):
        same = [i for i, other in enumerate(lattice.arcs) if other.word == arc.word]
        sums = [sum(own[i] for i in same if frame in spans[i]) for frame in span]
        expected.append(min(1.0, max(sums)) if arc.word else share)
    np.testing.assert_allclose(word_posteriors(lattice), expected, rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_best_path_is_the_best_of_all(seed: int) -> None:
    lattice = random_lattice(seed)
    best = max(all_paths(lattice), key=lambda path: score_of(lattice, path))
    found = best_path(lattice)
    assert (found.arcs, found.words) == (best, words_of(lattice, best))
    assert found.score == pytest.approx(score_of(lattice, best))


@pytest.mark.parametrize("seed", SEEDS)
def test_n_best_is_the_beginning_of_all_word_sequences_sorted(seed: int) -> None:
    lattice = random_lattice(seed, words="ab")
    scores: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for path in all_paths(lattice):
        scores[words_of(lattice, path)].append(score_of(lattice, path))
    total = math.fsum(math.exp(score) for ways in scores.values() for score in ways)
    ranked = sorted(scores, key=lambda words: -max(scores[words]))
    for n in (1, 3, len(ranked), len(ranked) + 5):
        found = n_best(lattice, n)
        assert [one.path.words for one in found] == ranked[:n]
        for one in found:
            ways = scores[one.path.words]
            assert one.path.score == pytest.approx(max(ways))
            assert score_of(lattice, one.path.arcs) == pytest.approx(max(ways))
            assert words_of(lattice, one.path.arcs) == one.path.words
            assert one.posterior == pytest.approx(sum(map(math.exp, ways)) / total)


def test_n_best_of_a_long_lattice_looks_at_little() -> None:
    arcs = [
        Arc(node, node + 1, word, node, node + 1, score)
        for node in range(300)
        for word, score in (("a", -1.0), ("b", -2.0))
    ]
    found = n_best(Lattice(tuple(range(301)), tuple(arcs)), 20)
    assert [round(one.path.score) for one in found] == [-300] + [-301] * 19
    assert len({one.path.words for one in found}) == 20


def test_the_empty_utterance_has_one_path() -> None:
    assert best_path(EMPTY).words == ()
    assert [(one.path.arcs, one.posterior) for one in n_best(EMPTY, 5)] == [((), 1.0)]
    assert posteriors(EMPTY).nodes.tolist() == [1.0]
    assert oracle(EMPTY, ["a", "b"]).deletions == 2
    assert prune(EMPTY, 1.0, 1) == EMPTY


def test_n_is_at_least_one() -> None:
    with pytest.raises(ConfigError, match=r"^n_best: n is 0, accepted is at least 1$"):
        n_best(EMPTY, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_oracle_is_the_nearest_path_and_of_those_the_best(seed: int) -> None:
    lattice = random_lattice(seed)
    for reference in ("", "a", "abc", "bca", "aabbcc", "x"):
        said = tuple(reference)
        found = oracle(lattice, said)
        paths = all_paths(lattice)
        errors = min(edit_distance(words_of(lattice, path), said) for path in paths)
        nearest = [path for path in paths if edit_distance(words_of(lattice, path), said) == errors]
        assert found.errors == errors
        assert found.path.score == pytest.approx(max(score_of(lattice, path) for path in nearest))
        assert edit_distance(words_of(lattice, found.path.arcs), said) == errors
        assert len(found.path.words) - len(said) == found.insertions - found.deletions


def test_oracle_names_the_errors() -> None:
    arcs = tuple(Arc(node, node + 1, word, node, node + 1, 0.0) for node, word in enumerate("axcd"))
    found = oracle(Lattice((0, 1, 2, 3, 4), arcs), list("abc"))
    assert (found.substitutions, found.insertions, found.deletions) == (1, 1, 0)
    assert oracle(Lattice((0, 1, 2, 3, 4), arcs), list("axcde")).deletions == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_pruning_by_posterior_keeps_what_is_probable_and_leads_somewhere(seed: int) -> None:
    lattice = random_lattice(seed)
    shares, best = posteriors(lattice).arcs, best_path(lattice)
    for threshold in (0.0, 0.1, 0.5, 1.0):
        pruned = prune(lattice, threshold)
        kept = {i for i, share in enumerate(shares) if share >= threshold} | set(best.arcs)
        whole = {i for path in all_paths(lattice) if kept.issuperset(path) for i in path}
        assert sorted(arc.score for arc in pruned.arcs) == sorted(lattice.arcs[i].score for i in whole)
        assert best_path(pruned).words == best.words
        assert best_path(pruned).score == pytest.approx(best.score)


@pytest.mark.parametrize("seed", SEEDS)
def test_pruning_to_a_number_keeps_the_best_paths(seed: int) -> None:
    lattice = random_lattice(seed)
    best = best_path(lattice)
    paths = sorted(all_paths(lattice), key=lambda path: -score_of(lattice, path))
    for count in range(1, len(lattice.arcs) + 2):
        pruned = prune(lattice, max_arcs=count)
        assert len(pruned.arcs) <= max(count, len(best.arcs))
        held: set[int] = set()
        for path in paths:
            if len(held.union(path)) > max(count, len(best.arcs)):
                break
            held.update(path)
        remaining = {arc.score for arc in pruned.arcs}
        assert {lattice.arcs[i].score for i in held} <= remaining


def test_pruning_out_of_range() -> None:
    for posterior in (-0.1, 1.1, math.nan):
        with pytest.raises(ConfigError, match=rf"^prune: posterior is {posterior}, accepted are 0 to 1$"):
            prune(EMPTY, posterior)
    with pytest.raises(ConfigError, match=r"^prune: max_arcs is 0, accepted is at least 1$"):
        prune(EMPTY, 0.0, 0)
