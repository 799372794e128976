"""Both searches against the enumeration of every alignment of every label sequence."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import BLANK, INITIAL_CONTEXT, BeamSearch, GreedySearch
from tests.decode.scorers import alignment_probabilities, numbered, random_table

WIDE = 10**6

cases = st.tuples(st.integers(0, 10**6), st.integers(3, 4), st.booleans(), st.integers(0, 5))


@settings(max_examples=80, deadline=None)
@given(cases)
def test_a_wide_beam_finds_the_most_probable_labels_and_their_sum_over_alignments(case):
    seed, size, sparse, count = case
    scorer = random_table(seed, size, sparse)
    search = BeamSearch(scorer, beam=WIDE, score_beam=math.inf, histories=WIDE)
    result = search.result(search.advance(numbered(count), search.init_state()))
    sums = {labels: sum(found) for labels, found in alignment_probabilities(scorer, count).items()}
    assert math.exp(result.log_prob) == pytest.approx(sums[result.labels], rel=1e-9)
    assert math.exp(result.log_prob) == pytest.approx(max(sums.values()), rel=1e-9)


def test_six_frames_over_four_pieces_are_exact_too():
    for seed in range(6):
        scorer = random_table(seed, 4, sparse=seed % 2 == 0)
        search = BeamSearch(scorer, beam=WIDE, score_beam=math.inf, histories=WIDE)
        result = search.result(search.advance(numbered(6), search.init_state()))
        sums = {labels: sum(found) for labels, found in alignment_probabilities(scorer, 6).items()}
        assert result.labels == max(sums, key=lambda labels: sums[labels])
        assert math.exp(result.log_prob) == pytest.approx(sums[result.labels], rel=1e-9)


@settings(max_examples=80, deadline=None)
@given(cases)
def test_greedy_is_the_path_of_the_largest_probabilities(case):
    seed, size, sparse, count = case
    scorer = random_table(seed, size, sparse)
    search = GreedySearch(scorer)
    result = search.result(search.advance(numbered(count), search.init_state()))
    context, log_prob, expected = INITIAL_CONTEXT, 0.0, []
    for frame in range(count):
        scores = scorer.join(numbered(count)[frame], scorer.predict(np.array([context])))[0].tolist()
        best = max((label for label in range(size) if label != 1), key=lambda label: scores[label])
        log_prob += scores[best]
        if best != BLANK:
            expected.append((best, frame))
            context = (context[1], best)
    assert list(zip(result.labels, result.frames, strict=True)) == expected
    assert result.log_prob == pytest.approx(log_prob, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(cases, st.integers(1, 4))
def test_a_narrow_beam_never_claims_more_than_the_labels_have(case, beam):
    seed, size, sparse, count = case
    scorer = random_table(seed, size, sparse)
    search = BeamSearch(scorer, beam=beam, score_beam=4.0, histories=1)
    result = search.result(search.advance(numbered(count), search.init_state()))
    found = alignment_probabilities(scorer, count)[result.labels]
    assert math.exp(result.log_prob) <= sum(found) * (1 + 1e-9)
