"""What is expected, added to what is heard: against the enumeration of every label sequence."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import BeamSearch
from tests.decode.scorers import alignment_probabilities, numbered, random_table, scripted

WIDE = 10**6


class Parity:
    """Random scores by the number of labels modulo ``period``: not a function of the last two labels."""

    def __init__(self, seed, size, period):
        generator = np.random.default_rng(seed)
        self._scores = generator.normal(size=(period, size)).astype(np.float32)
        self._finals = generator.normal(size=period)
        self._period = period

    def start(self):
        return 0

    def scores(self, state):
        return self._scores[state]

    def step(self, state, label):
        return (state + 1) % self._period

    def final(self, state):
        return float(self._finals[state])

    def total(self, labels):
        steps = sum(float(self._scores[i % self._period, label]) for i, label in enumerate(labels))
        return steps + self.final(len(labels) % self._period)


class Only:
    """Allows nothing but the beginning of ``labels``, and an end after the last of them."""

    def __init__(self, labels, size):
        self._labels = labels
        self._size = size

    def start(self):
        return 0

    def scores(self, state):
        row = np.full(self._size, -np.inf, dtype=np.float32)
        row[list(self._labels[state : state + 1])] = 0.0
        return row

    def step(self, state, label):
        return state + 1

    def final(self, state):
        return 0.0 if state == len(self._labels) else -math.inf


def heard(search, count):
    state = search.advance(numbered(count), search.init_state())
    return state, search.result(state)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 4), st.booleans(), st.integers(0, 5), st.integers(1, 3))
def test_the_best_sequence_is_that_of_sound_and_expectation_together(seed, size, sparse, count, period):
    scorer = random_table(seed, size, sparse)
    parts = [Parity(seed, size, period), Parity(seed + 1, size, 2)]
    search = BeamSearch(scorer, beam=WIDE, score_beam=math.inf, histories=WIDE, expected=parts)
    _, result = heard(search, count)
    totals = {
        labels: math.log(sum(found)) + sum(part.total(labels) for part in parts)
        for labels, found in alignment_probabilities(scorer, count).items()
        if sum(found) > 0
    }
    assert result.log_prob == pytest.approx(totals[result.labels], abs=1e-5)
    assert result.log_prob == pytest.approx(max(totals.values()), abs=1e-5)


def test_histories_in_different_states_are_not_merged():
    steps = [{2: 0.6, 3: 0.39}, {4: 0.99}, {5: 0.99}, {}]
    apart = BeamSearch(scripted(steps), expected=[Parity(0, 10, 4)])
    state, _ = heard(apart, 4)
    assert {reached for labels, reached in state.contexts if labels == (4, 5)} == {(2,), (3,)}


def test_a_node_tells_how_much_of_its_score_was_expected():
    part = Parity(3, 10, 3)
    search = BeamSearch(scripted([{2: 0.9}, {4: 0.9}]), expected=[part])
    state, result = heard(search, 2)
    assert result.labels == (2, 4)
    assert state.nodes[0].expected == pytest.approx(part.total((2, 4)) - part.final(2), abs=1e-5)


def test_a_forbidden_label_is_never_emitted_however_clear_it_is():
    _, result = heard(BeamSearch(scripted([{2: 0.9}, {4: 0.9}]), expected=[Only((3, 4), 10)]), 2)
    assert 2 not in result.labels


def test_where_an_end_is_forbidden_the_best_that_may_end_is_the_result():
    steps = [{2: 0.9, 3: 0.1}, {4: 0.2}]
    _, result = heard(BeamSearch(scripted(steps), expected=[Only((2, 4), 10)]), 2)
    assert result.labels == (2, 4)


def test_where_nothing_may_end_the_most_probable_is_shown():
    _, result = heard(BeamSearch(scripted([{2: 0.9}]), expected=[Only((2, 4), 10)]), 1)
    assert result.labels == (2,)
