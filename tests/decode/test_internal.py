"""What a transducer expects without hearing: its labels' probabilities in silence, taken off."""

import numpy as np
import pytest

from stapes.decode import BLANK, INITIAL_CONTEXT, BeamSearch, InternalLanguageModel
from stapes.errors import ConfigError
from tests.decode.scorers import numbered, random_table, scripted


def test_labels_lose_their_probability_in_silence_among_labels():
    scorer = random_table(3, 6, sparse=False)
    model = InternalLanguageModel(scorer, 0.5)
    state = model.start()
    assert state == INITIAL_CONTEXT
    for label in (3, 5, 2):
        heard = np.exp(scorer.join(np.zeros(1), np.array([state]))[0].astype(np.float64))
        expected = -0.5 * np.log(np.delete(heard, BLANK) / np.delete(heard, BLANK).sum())
        np.testing.assert_allclose(np.delete(model.scores(state), BLANK), expected, rtol=1e-5)
        state = model.step(state, label)
    assert state == (5, 2)
    assert model.final(state) == 0.0


def test_what_was_never_said_is_worth_a_bounded_sum():
    model = InternalLanguageModel(scripted([{2: 1 - 1e-9, 3: 1e-9}]), 0.25)
    row = model.scores(model.start())
    assert row[3] == pytest.approx(12 * 0.25)
    assert row[2] == pytest.approx(0, abs=1e-6)


def test_of_two_words_that_sound_alike_the_one_expected_less_is_heard():
    def heard(scale):
        # Frame 0 is what the model expects in silence; it is heard as well, and every search begins with it.
        search = BeamSearch(
            scripted([{2: 0.5, 4: 0.4, 5: 0.1}, {4: 0.55, 5: 0.45}]),
            expected=[InternalLanguageModel(scripted([{2: 0.5, 4: 0.4, 5: 0.1}]), scale)],
        )
        return search.result(search.advance(numbered(2)[1:], search.init_state())).labels

    assert heard(0.0) == (4,)
    assert heard(0.3) == (5,)


def test_a_scale_below_zero_is_refused():
    with pytest.raises(
        ConfigError, match="scale of the internal language model is -1; 0 or more is accepted"
    ):
        InternalLanguageModel(scripted([]), -1)
