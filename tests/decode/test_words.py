"""Words, their times and their confidence."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import BLANK, INITIAL_CONTEXT, BeamSearch, GreedySearch
from tests.decode.scorers import JointScorer, by_context, numbered, random_frames, scripted

# Labels: 2 ▁a, 3 ▁b, 4 c, 5 d, 6 ▁e, 7 f, 8 ▁ alone, 9 g.
SEARCHES = [GreedySearch, BeamSearch]


def decode(steps, make=BeamSearch, **options):
    search = make(scripted(steps), **options)
    return search.result(search.advance(numbered(len(steps)), search.init_state()))


def confidences(result):
    return {word.text: word.confidence for word in result.words}


@pytest.mark.parametrize("make", SEARCHES)
def test_pieces_become_words_with_the_frames_of_their_first_and_last_piece(make):
    result = decode([{}, {2: 1.0}, {4: 1.0}, {}, {3: 1.0}, {}, {5: 1.0}, {}], make)
    assert result.text == "ac bd"
    assert result.frames == (1, 2, 4, 6)
    assert [(word.start_frame, word.end_frame) for word in result.words] == [(1, 3), (4, 7)]
    assert [word.labels_end for word in result.words] == [2, 4]


@pytest.mark.parametrize("make", SEARCHES)
def test_a_first_piece_without_mark_begins_a_word_and_a_lone_mark_takes_the_next_pieces(make):
    result = decode([{4: 1.0}, {8: 1.0}, {5: 1.0}, {7: 1.0}, {8: 1.0}], make)
    assert [word.text for word in result.words] == ["c", "df"]
    assert [(word.start_frame, word.end_frame) for word in result.words] == [(0, 1), (1, 4)]


@pytest.mark.parametrize("make", SEARCHES)
def test_the_emission_delay_moves_words_back_but_not_before_the_start(make):
    result = decode([{2: 1.0}, {3: 1.0}, {}, {}, {6: 1.0}, {7: 1.0}], make, emission_delay_frames=2)
    assert [(word.start_frame, word.end_frame) for word in result.words] == [(0, 0), (0, 0), (2, 4)]
    assert result.frames == (0, 1, 4, 5)


@pytest.mark.parametrize("make", SEARCHES)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), delay=st.integers(0, 4), blank=st.floats(-1, 4))
def test_words_never_overlap_and_confidence_is_a_probability(make, seed, delay, blank):
    search = make(JointScorer(seed, blank=blank), emission_delay_frames=delay)
    result = search.result(search.advance(random_frames(seed, 60), search.init_state()))
    ends = [0]
    for word in result.words:
        assert ends[-1] <= word.start_frame <= word.end_frame <= 60 - delay or word.end_frame == 0
        assert 0.0 <= word.confidence <= 1.0
        ends.append(word.end_frame)
    assert list(result.frames) == sorted(set(result.frames))
    assert len(result.frames) == len(result.labels)


def test_greedy_confidence_is_the_product_over_the_pieces():
    result = decode([{2: 0.9, 3: 0.02}, {4: 0.8}, {}, {3: 0.7}], GreedySearch)
    assert confidences(result) == pytest.approx({"ac": 0.72, "b": 0.7}, abs=1e-6)


def test_beam_evidence_leaves_blank_out():
    # The piece may come at either of two frames, but one piece it is: 0.6 against 0.2 at the first.
    result = decode([{2: 0.6, 3: 0.2}, {}, {6: 1.0}], score_beam=1.0)
    assert confidences(result) == pytest.approx({"a": 0.75, "e": 1.0}, abs=1e-6)


def test_beam_evidence_leaves_out_the_blank_of_its_own_context():
    # Whatever rivals the second word dies at the last frame, so that evidence alone is left.
    first = {INITIAL_CONTEXT: {2: 0.4}}
    second = {INITIAL_CONTEXT: {1: 1.0}, TAKEN: {3: 0.6, 6: 0.2}}
    result = by_rule(first, second, {TAKEN: {1: 1.0}, (2, 6): {1: 1.0}})
    assert confidences(result) == pytest.approx({"a": 1.0, "b": 0.75}, abs=1e-6)


def test_a_live_rival_takes_its_share():
    result = decode([{2: 0.6, 3: 0.4}])
    assert confidences(result) == pytest.approx({"a": 0.6}, abs=1e-6)


def test_a_missing_word_is_a_rival_too():
    result = decode([{2: 1.0}, {6: 0.7}])
    assert confidences(result) == pytest.approx({"a": 1.0, "e": 0.7}, abs=1e-6)


def by_rule(*steps):
    search = BeamSearch(by_context(steps))
    return search.result(search.advance(numbered(len(steps)), search.init_state()))


# The best history takes label 2 at one frame with 0.6, a rival another label at the next: no two labels
# compete at one frame, so what the words lose they lose by presence.
START, TAKEN = {INITIAL_CONTEXT: {2: 0.6}}, (BLANK, 2)


def test_a_merged_rival_keeps_its_share_and_spares_the_other_words():
    both = [{TAKEN: {4: 1.0}, (BLANK, 3): {4: 1.0}}, {(2, 4): {5: 1.0}, (3, 4): {5: 1.0}}]
    search = BeamSearch(by_context([START, {INITIAL_CONTEXT: {3: 1.0}}, *both, {(4, 5): {6: 1.0}}, {}]))
    state = search.advance(numbered(6), search.init_state())
    assert len(state.nodes) == 1
    assert confidences(search.result(state)) == pytest.approx({"acd": 0.6, "e": 1.0}, abs=1e-6)


def test_two_merged_rivals_of_different_words_do_not_touch_each_other():
    result = decode([{2: 0.6, 3: 0.4}, {6: 1.0}, {7: 1.0}, {2: 0.8, 3: 0.2}, {6: 1.0}, {9: 1.0}, {}])
    assert result.text == "a ef a eg"
    assert [word.confidence for word in result.words] == pytest.approx([0.6, 1.0, 0.8, 1.0], abs=1e-6)


@pytest.mark.parametrize(("second_piece", "confidence"), [(4, 1.0), (5, 0.6)])
def test_the_same_word_spelled_and_timed_otherwise_is_no_rival(second_piece, confidence):
    vocabulary = ["<blk>", "<unk>", "▁c", "▁", "c", "d"]
    steps = [START, {INITIAL_CONTEXT: {3: 1.0}}, {(BLANK, 3): {second_piece: 1.0}}]
    search = BeamSearch(by_context(steps, vocabulary))
    state = search.advance(numbered(3), search.init_state())
    assert len(state.nodes) == 2
    assert confidences(search.result(state)) == pytest.approx({"c": confidence}, abs=1e-6)


def test_the_same_word_at_another_time_does_not_count():
    result = by_rule(START, {INITIAL_CONTEXT: {3: 1.0}, TAKEN: {3: 1.0}}, {(BLANK, 3): {2: 1.0}})
    assert result.text == "a b"
    assert [word.confidence for word in result.words] == pytest.approx([0.6, 1.0], abs=1e-6)


def test_one_word_of_a_rival_holds_one_word():
    after_b, after_e = (BLANK, 3), (BLANK, 6)
    steps = [{INITIAL_CONTEXT: {3: 0.6, 6: 0.4}}, {after_b: {2: 1.0}}, {(3, 2): {2: 1.0}, after_e: {2: 1.0}}]
    result = by_rule(*steps)
    assert result.text == "b a a"
    assert [word.confidence for word in result.words] == pytest.approx([0.6, 1.0, 0.6], abs=1e-6)


def test_a_rival_that_lengthens_the_word_before_lacks_it():
    after = (BLANK, 3)
    steps = [{INITIAL_CONTEXT: {3: 1.0}}, {after: {2: 0.6}}, {after: {4: 1.0}}]
    result = by_rule(*steps)
    assert result.text == "b a"
    assert [word.confidence for word in result.words] == pytest.approx([0.6, 0.6], abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.51, 0.95), st.floats(0.01, 0.04))
def test_confidence_falls_as_the_rival_gains(best, gain):
    for tail in ([], [{4: 1.0}, {5: 1.0}, {6: 1.0}]):
        sure = decode([{2: best, 3: 1 - best}, *tail]).words[0]
        unsure = decode([{2: best - gain / 5, 3: 1 - best + gain / 5}, *tail]).words[0]
        assert unsure.confidence < sure.confidence


@pytest.mark.parametrize(("first", "frame"), [(0.9, 0), (0.2, 1)])
def test_the_frames_are_those_of_the_alignment_that_brought_more(first, frame):
    result = by_rule({INITIAL_CONTEXT: {2: first}}, {INITIAL_CONTEXT: {2: 0.9}})
    assert (result.labels, result.frames) == ((2,), (frame,))
    assert math.exp(result.log_prob) == pytest.approx(first + (1 - first) * 0.9, abs=1e-6)
