"""The lattice of a search holds its live histories and all that was merged into them, word for word."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import BeamSearch, GreedySearch, LatticeLimits
from stapes.errors import ConfigError
from stapes.lattice import best_path, n_best, posteriors
from tests.decode.scorers import PIECES, JointScorer, numbered, random_frames, random_table, scripted

ALL = LatticeLimits(posterior=0.0)
TWO_STARTS = [{2: 0.6, 3: 0.4}, {4: 1.0}, {5: 1.0}, {6: 1.0}, {}]


def words_of(labels):
    text = "".join(PIECES[label] for label in labels)
    return tuple(text.removeprefix("▁").split("▁")) if labels else ()


def histories(node):
    """Labels, log-ratio and context score of every way to ``node``."""
    if node.prev is None:
        return [((), 0.0, 0.0)]
    gain = node.expected - node.prev.expected
    own = [((*labels, node.label), ratio, hope + gain) for labels, ratio, hope in histories(node.prev)]
    merged = [
        (labels, ratio + merge.log_ratio, hope)
        for merge in node.merged
        for labels, ratio, hope in histories(merge.node)
    ]
    return own + merged


def paths(lattice):
    """Words, score and context score of every path, the empty word included."""
    found, pending = [], [(0, (), 0.0, 0.0)]
    while pending:
        node, words, score, context = pending.pop()
        if node == lattice.end:
            found.append((words, score, context))
        for index in lattice.leaving[node] if node < lattice.end else ():
            arc = lattice.arcs[index]
            pending.append((arc.target, (*words, arc.word), score + arc.score, context + arc.context))
    return found


def rounded(entries):
    return sorted((" ".join(words), round(score, 6), round(context, 6)) for words, score, context in entries)


class Fondness:
    """Expects label ``label``: each is worth ``worth``, an end after an odd number of labels costs 1."""

    def __init__(self, size, label, worth):
        self._row = np.zeros(size, np.float32)
        self._row[label] = worth

    def start(self):
        return 0

    def scores(self, state):
        return self._row

    def step(self, state, label):
        return 1 - state

    def final(self, state):
        return -1.0 if state else 0.0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(4, 10),
    beam=st.integers(1, 6),
    fond=st.sampled_from([0.0, 0.5]),
)
def test_its_paths_are_the_live_histories_and_those_merged_into_them(seed, size, beam, fond):
    expected = [Fondness(size, 3, fond)] if fond else []
    search = BeamSearch(random_table(seed, size, sparse=True), beam, score_beam=20.0, expected=expected)
    state = search.advance(numbered(7), search.init_state())
    finals = [expected[0].final(reached[0]) if fond else 0.0 for _, reached in state.contexts]
    held = [
        (words_of(labels), log_prob + ratio + finals[place], hope + finals[place])
        for node, log_prob, place in zip(state.nodes, state.log_probs, state.places, strict=True)
        for labels, ratio, hope in histories(node)
    ]
    lattice = search.lattice(state, 40, LatticeLimits(posterior=0.0, max_arcs=2**16))
    assert rounded(paths(lattice)) == rounded(held)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), blank=st.floats(-1, 6), cuts=st.lists(st.integers(0, 40), max_size=8))
def test_its_best_path_is_the_best_hypothesis_for_every_chunking(seed, blank, cuts):
    search, frames = BeamSearch(JointScorer(seed, blank=blank), beam=8), random_frames(seed, 40)
    state = search.init_state()
    for chunk in np.split(frames, sorted(cuts)):
        state = search.advance(chunk, state)
    lattice = search.lattice(state, 40)
    best, hypothesis = best_path(lattice), search.result(state)
    assert " ".join(best.words) == hypothesis.text
    assert best.score == pytest.approx(hypothesis.log_prob, abs=1e-9)
    times = {(arc.word, arc.start_frame, arc.end_frame) for arc in lattice.arcs}
    assert {(word.text, word.start_frame, word.end_frame) for word in hypothesis.words} <= times
    whole = search.advance(frames, search.init_state())
    assert search.lattice(whole, 40) == lattice


def test_a_history_that_was_merged_inside_a_word_has_the_whole_word_as_an_arc():
    search = BeamSearch(scripted(TWO_STARTS))
    state = search.advance(numbered(5), search.init_state())
    lattice = search.lattice(state, 40)
    said = [(arc.word, arc.source, arc.start_frame, arc.end_frame) for arc in lattice.arcs]
    assert said == [("acd", 0, 0, 3), ("bcd", 0, 0, 3), ("e", 1, 3, 4)]
    assert lattice.frames == (0, 3, 4)
    first = [arc.score for arc in lattice.arcs[:2]]
    assert first[1] - first[0] == pytest.approx(math.log(0.4 / 0.6), abs=1e-6)


def test_nothing_said_is_an_arc_without_a_word():
    search = BeamSearch(scripted([{2: 0.25}, {}]))
    state = search.advance(numbered(2), search.init_state())
    [silence, word] = search.lattice(state, 40).arcs
    assert (silence.word, word.word) == ("", "a")
    assert silence.score == pytest.approx(math.log(0.75), abs=1e-6)
    assert word.score == pytest.approx(math.log(0.25), abs=1e-6)
    before = search.lattice(search.init_state(), 40)
    assert (before.frames, [arc.word for arc in before.arcs]) == ((0, 0), [""])


def test_times_are_those_of_the_words_less_the_delay():
    search = BeamSearch(scripted(TWO_STARTS), emission_delay_frames=1)
    lattice = search.lattice(search.advance(numbered(5), search.init_state()), 20)
    assert [(arc.start_frame, arc.end_frame) for arc in lattice.arcs] == [(0, 2), (0, 2), (2, 3)]
    assert (lattice.frames, lattice.frame_ms) == ((0, 2, 3), 20)


def test_a_history_that_may_not_end_is_left_out():
    class Even(Fondness):
        def final(self, state):
            return -math.inf if state else 0.0

    search = BeamSearch(scripted([{2: 0.9}, {4: 0.4}]), expected=[Even(len(PIECES), 2, 0.0)])
    state = search.advance(numbered(2), search.init_state())
    for limits in (LatticeLimits(), ALL):
        assert {arc.word for arc in search.lattice(state, 40, limits).arcs} == {"", "ac"}


def test_limits_leave_out_what_is_least_probable():
    search = BeamSearch(JointScorer(3, blank=0.5), beam=8)
    state = search.advance(random_frames(4, 40), search.init_state())
    whole = search.lattice(state, 40, LatticeLimits(posterior=0.0, max_arcs=2**16))
    some = search.lattice(state, 40, LatticeLimits(posterior=0.05))
    few = search.lattice(state, 40, LatticeLimits(posterior=0.0, max_arcs=40))
    one = search.lattice(state, 40, LatticeLimits(posterior=1.0))
    best = best_path(whole)
    assert len(whole.arcs) > len(some.arcs) > len(one.arcs) == len(best.arcs)
    assert len(one.arcs) < len(few.arcs) <= 40 < len(whole.arcs)
    assert all(best_path(each).words == best.words for each in (some, few, one))
    assert [each.path.words for each in n_best(few, 5)] == [each.path.words for each in n_best(whole, 5)]
    shares = posteriors(some).arcs
    assert all(shares[index] > 0.02 for index in range(len(shares)) if index not in best_path(some).arcs)


def test_the_best_path_stays_whole_whatever_the_limit():
    search = BeamSearch(JointScorer(3, blank=0.5), beam=8)
    state = search.advance(random_frames(4, 40), search.init_state())
    least = search.lattice(state, 40, LatticeLimits(posterior=0.0, max_arcs=1))
    assert best_path(least).words == tuple(search.result(state).text.split())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"posterior": -0.1}, "lattice: posterior is -0.1; 0 to 1 is accepted"),
        ({"posterior": math.nan}, "lattice: posterior is nan; 0 to 1 is accepted"),
        ({"max_arcs": 0}, "lattice: max_arcs is 0; 1 to 65536 is accepted"),
        ({"max_arcs": 65537}, "lattice: max_arcs is 65537; 1 to 65536 is accepted"),
    ],
)
def test_limits_out_of_range_are_refused(settings, sentence):
    with pytest.raises(ConfigError) as caught:
        LatticeLimits(**settings)
    assert str(caught.value) == sentence


def test_a_word_that_no_lattice_can_hold_is_cut():
    search = GreedySearch(scripted([{9: 1.0}] * 300, (*PIECES[:-1], "é")))
    state = search.advance(numbered(300), search.init_state())
    assert len(search.result(state).text) == 300
    assert [arc.word for arc in search.lattice(state, 40).arcs] == ["é" * 127]


def test_the_lattice_of_a_greedy_search_is_its_path():
    search = GreedySearch(JointScorer(5, blank=0.5))
    state = search.advance(random_frames(6, 40), search.init_state())
    lattice, hypothesis = search.lattice(state, 40), search.result(state)
    assert len(best_path(lattice).arcs) == len(lattice.arcs) > 5
    assert " ".join(best_path(lattice).words) == hypothesis.text
    assert best_path(lattice).score == pytest.approx(hypothesis.log_prob, abs=1e-9)
