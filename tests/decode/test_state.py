"""States are values, and no result depends on how frames were cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import BLANK, INITIAL_CONTEXT, BeamSearch, GreedySearch
from stapes.decode.scorer import CACHED_CONTEXTS, PredictionCache
from stapes.errors import ConfigError, FormatError
from tests.decode.scorers import PIECES, JointScorer, by_context, numbered, random_frames, scripted

SEARCHES = [
    lambda scorer: GreedySearch(scorer),
    lambda scorer: BeamSearch(scorer, beam=1, score_beam=2.0),
    lambda scorer: BeamSearch(scorer, beam=4),
    lambda scorer: BeamSearch(scorer, beam=8, score_beam=20.0, histories=2),
]
COUNT = 40

each_search = pytest.mark.parametrize("make", SEARCHES)


@each_search
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), blank=st.floats(-1, 8), cuts=st.lists(st.integers(0, COUNT), max_size=8))
def test_every_chunking_gives_the_same_state_and_result(make, seed, blank, cuts):
    scorer, frames = JointScorer(seed, blank=blank), random_frames(seed, COUNT)
    whole, cut = make(scorer), make(scorer)
    expected = whole.advance(frames, whole.init_state())
    state = cut.init_state()
    for chunk in np.split(frames, sorted(cuts)):
        state = cut.advance(chunk, state)
        cut.result(state)
    assert state == expected
    assert cut.result(state) == whole.result(expected)


@each_search
def test_chunks_of_one_frame_and_a_search_used_before_give_the_same(make):
    scorer, frames = JointScorer(1), random_frames(2, COUNT)
    fresh, used = make(scorer), make(scorer)
    used.advance(random_frames(3, COUNT), used.init_state())
    state = used.init_state()
    for frame in frames:
        state = used.advance(frame[np.newaxis], state)
    assert state == fresh.advance(frames, fresh.init_state())


@each_search
def test_a_state_can_be_continued_twice(make):
    search = make(JointScorer(7, blank=0.0))
    frames = random_frames(8, COUNT)
    start = search.advance(frames, search.init_state())
    before = search.result(start)
    first = search.advance(random_frames(9, COUNT), start)
    second = search.advance(random_frames(10, COUNT), start)
    assert search.result(start) == before
    assert first != second
    assert first == search.advance(random_frames(9, COUNT), search.advance(frames, search.init_state()))
    assert len(search.result(first).labels) > len(before.labels) > 0


@each_search
def test_states_differ_by_what_was_heard(make):
    search = make(scripted([{2: 0.9}, {4: 0.9}, {2: 0.9}]))
    once = search.advance(numbered(1), search.init_state())
    again = search.advance(numbered(3)[2:], search.init_state())
    other = search.advance(numbered(2)[1:], search.init_state())
    assert once == again
    assert once != other
    assert once != search.init_state()
    assert once != "a state"


@each_search
def test_states_differ_by_what_was_heard_before_the_context(make):
    first, second = (make(scripted([{label: 1.0}, {4: 1.0}, {5: 1.0}])) for label in (2, 3))
    states = [search.advance(numbered(3), search.init_state()) for search in (first, second)]
    assert states[0] != states[1]


def test_states_differ_by_what_was_merged():
    tail = [
        {(BLANK, 2): {4: 1.0}, (BLANK, 3): {4: 1.0}, INITIAL_CONTEXT: {1: 1.0}},
        {(2, 4): {5: 1.0}, (3, 4): {5: 1.0}},
    ]
    states = []
    for rival in (0.4, 0.3):
        search = BeamSearch(by_context([{INITIAL_CONTEXT: {2: 0.6, 3: rival}}, *tail]))
        states.append(search.advance(numbered(3), search.init_state()))
    assert states[0].log_probs == states[1].log_probs
    assert states[0] != states[1]


@each_search
def test_no_frames_give_nothing(make):
    search = make(JointScorer(0))
    state = search.init_state()
    assert search.advance(np.zeros((0, 8), dtype=np.float32), state) == state
    result = search.result(state)
    assert (result.labels, result.frames, result.words, result.text) == ((), (), (), "")
    assert (result.log_prob, result.stable_labels) == (0.0, 0)


@each_search
def test_unknown_pieces_are_never_emitted(make):
    vocabulary = ["<blk>", "<unk>", "▁a", "<unk>"]
    search = make(scripted([{1: 0.8, 2: 0.15}, {1: 0.3, 3: 0.5, 2: 0.05}], vocabulary))
    result = search.result(search.advance(numbered(2), search.init_state()))
    assert (result.labels, result.frames) == ((2,), (0,))


@each_search
def test_among_equals_blank_comes_first_and_then_the_lowest_label(make):
    search = make(scripted([{2: 0.5}, {3: 0.5, 2: 0.5}, {4: 0.25, 5: 0.25, 3: 0.25, 6: 0.25}]))
    state = search.advance(numbered(1), search.init_state())
    assert search.result(state).labels == ()
    result = search.result(search.advance(numbered(3)[1:], search.init_state()))
    assert result.labels == (2, 3)


@each_search
def test_damaged_weights_are_reported(make):
    search = make(scripted([{2: 0.9}, {2: float("nan")}]))
    with pytest.raises(FormatError) as error:
        search.advance(numbered(2), search.init_state())
    assert str(error.value) == (
        "search: frame 1: the best symbol has log-probability nan where a finite one is accepted; "
        "the weights of the model are damaged"
    )


@pytest.mark.parametrize(
    ("setting", "value", "least"),
    [("beam", 0, 1), ("score_beam", -0.5, 0), ("score_beam", float("nan"), 0), ("histories", 0, 1)],
)
def test_settings_out_of_range_are_refused(setting, value, least):
    with pytest.raises(ConfigError) as error:
        BeamSearch(JointScorer(0), **{setting: value})
    assert str(error.value) == f"search: {setting} is {value}; {least} or more is accepted"


@pytest.mark.parametrize("search", [GreedySearch, BeamSearch])
def test_a_negative_delay_is_refused(search):
    with pytest.raises(ConfigError, match="search: emission_delay_frames is -1; 0 or more is accepted"):
        search(JointScorer(0), emission_delay_frames=-1)


@each_search
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_stable_labels_and_words_stay(make, seed):
    search = make(JointScorer(seed, blank=1.0))
    frames = random_frames(seed, COUNT)
    state, partials = search.init_state(), []
    for frame in frames:
        state = search.advance(frame[np.newaxis], state)
        partials.append(search.result(state))
    final = partials[-1]
    for partial in partials:
        assert partial.labels[: partial.stable_labels] == final.labels[: partial.stable_labels]
        texts = [word.text for word in partial.stable_words]
        assert texts == [word.text for word in final.words][: len(texts)]


def test_stable_labels_end_where_live_histories_part():
    search = BeamSearch(scripted([{2: 1.0}, {4: 1.0}, {3: 1.0}, {4: 0.6, 5: 0.4}]))
    state = search.advance(numbered(3), search.init_state())
    assert search.result(state).stable_labels == 3
    result = search.result(search.advance(numbered(4)[3:], state))
    assert (result.labels, result.stable_labels) == ((2, 4, 3, 4), 3)
    assert [word.text for word in result.stable_words] == ["ac"]
    assert [word.text for word in result.words] == ["ac", "bc"]


def test_hours_of_labels_need_no_recursion():
    count = 4_000
    scorer = scripted([{2: 1.0}] * count)
    search = GreedySearch(scorer)
    first, second = (search.advance(numbered(count), search.init_state()) for _ in range(2))
    assert first == second
    assert len(search.result(first).labels) == count


def test_the_prediction_cache_is_bounded_and_asks_for_single_rows():
    asked = []

    class Counting(JointScorer):
        def predict(self, contexts):
            asked.append(len(contexts))
            return super().predict(contexts)

    pieces = [*PIECES, *(f"▁w{index}" for index in range(40))]
    cache = PredictionCache(Counting(0, pieces))
    contexts = [(older, newer) for older in range(40) for newer in range(40)][: CACHED_CONTEXTS + 1]
    cache.rows(contexts)
    cache.rows(contexts[1:])
    assert asked == [1] * (CACHED_CONTEXTS + 1)
    cache.rows(contexts[:1])
    assert len(asked) == CACHED_CONTEXTS + 2
