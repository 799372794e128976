"""Sound to intents: what is understood, what is not, and what is then told."""

import math

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.decode import Phrases
from stapes.errors import ConfigError
from stapes.grammar import Gate, GatedSearch, Grammar
from stapes.session import Recognizer, Understanding
from tests.session.played import FRAME_SAMPLES, PlayedNetwork, play

GRAMMAR = Grammar.from_dict(
    {
        "intents": {
            "Go": {"data": [{"sentences": ["go {way}"], "slots": {"on": "foot"}}]},
            "Stop": {"data": [{"sentences": ["stop stop stop"]}]},
        },
        "lists": {"way": {"values": [{"in": "up", "out": 1}, {"in": "upper", "out": 2}]}},
    }
)
SENTENCE = play(0, 1, 0, 3, 4, 0)
OTHER = play(0, 1, 0, 1, 0, 2, 0)


@pytest.fixture(params=[1, 4])
def recognizer(request):
    return Recognizer(PlayedNetwork(), beam=request.param)


def test_a_sentence_is_understood(recognizer):
    meant = recognizer.understand(SENTENCE, GRAMMAR)
    assert (meant.understood, meant.intent, meant.text) == (True, "Go", "go upper")
    assert [(slot.name, slot.text, slot.value) for slot in meant.slots] == [("way", "upper", 2)]
    assert meant.values == {"on": "foot", "way": 2}
    assert meant.deficit < 0.1
    assert meant.transcript.duration == pytest.approx(0.24)
    assert meant.transcript.words[1].start == pytest.approx(0.12)


def test_what_is_no_sentence_is_told_as_it_was_heard(recognizer):
    meant = recognizer.understand(OTHER, GRAMMAR)
    assert meant.text == recognizer.transcribe(OTHER).text == "go go stop"
    assert (meant.understood, meant.intent, meant.slots, meant.values) == (False, None, (), {})


def test_strictly_nothing_is_told_of_it(recognizer):
    meant = recognizer.understand(OTHER, GRAMMAR, strict=True)
    assert (meant.text, meant.transcript.words) == ("", ())
    assert meant.transcript.duration == pytest.approx(0.28)
    assert not meant.understood


def test_a_sentence_that_was_misheard_a_little_is_understood(recognizer):
    # The third word sounds like «go», 5 nats better than the «stop» that the grammar asks for, less what else it
    # might be.
    sound = play(2, 0, 2, 0, 1)
    assert recognizer.transcribe(sound).text == "stop stop go"
    meant = recognizer.understand(sound, GRAMMAR)
    assert (meant.understood, meant.text) == (True, "stop stop stop")
    assert meant.deficit == pytest.approx(5.0, abs=0.1)
    worse = recognizer.understand(play(2, 0, 1, 0, 1), GRAMMAR)
    assert (worse.understood, worse.text) == (False, "stop go go")
    assert worse.deficit == pytest.approx(10.0, abs=0.1)


def test_silence_and_half_a_sentence_are_not_understood(recognizer):
    for sound in (play(0, 0, 0), np.zeros(0, np.float32), play(1)):
        meant = recognizer.understand(sound, GRAMMAR)
        assert not meant.understood
        assert meant.deficit > 5


def test_nothing_that_a_grammar_begins_with_has_no_deficit(recognizer):
    assert recognizer.understand(play(0), GRAMMAR).deficit == math.inf


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3 * FRAME_SAMPLES), max_size=6), st.booleans())
def test_the_chunks_do_not_matter(cuts, is_sentence):
    sound = SENTENCE if is_sentence else OTHER
    recognizer = Recognizer(PlayedNetwork())
    stream = recognizer.stream(grammar=GRAMMAR)
    for chunk in np.split(sound, np.cumsum(cuts).clip(max=sound.size)):
        stream.accept(chunk)
        stream.understanding()
    stream.finish()
    assert stream.understanding() == recognizer.understand(sound, GRAMMAR)


def test_a_file_is_understood(recognizer, tmp_path):
    soundfile.write(tmp_path / "go.wav", SENTENCE, 16_000, subtype="FLOAT")
    assert recognizer.understand(tmp_path / "go.wav", GRAMMAR).values == {"on": "foot", "way": 2}


def test_partial_words_are_what_is_heard(recognizer):
    stream = recognizer.stream(grammar=GRAMMAR)
    assert stream.accept(OTHER).partial.text == "go go stop"


def test_a_grammar_is_preferred_where_it_is_expected_and_nothing_is_forbidden():
    recognizer = Recognizer(PlayedNetwork())
    almost = SENTENCE.copy()
    assert recognizer.transcribe(almost, expected=[GRAMMAR]).text == "go upper"
    assert recognizer.transcribe(OTHER, expected=[GRAMMAR]).text == "go go stop"


def test_phrases_may_be_expected_beside_a_grammar(recognizer):
    meant = recognizer.understand(SENTENCE, GRAMMAR, expected=[Phrases(["upper"])])
    assert meant.values == {"on": "foot", "way": 2}


def test_a_stream_without_a_grammar_understands_nothing(recognizer):
    with pytest.raises(ConfigError) as caught:
        recognizer.stream().understanding()
    assert str(caught.value) == (
        "stream: opened without a grammar; one is needed to understand what was said"
    )


@pytest.mark.parametrize(("nats", "understood"), [(0.0, False), (4.9, False), (5.1, True), (math.inf, True)])
def test_the_gate_decides_how_much_passes(nats, understood):
    recognizer = Recognizer(PlayedNetwork())
    held = recognizer.beam_search([GRAMMAR.only])
    search = GatedSearch(recognizer.beam_search(), held, GRAMMAR, Gate(nats))
    frames, _ = recognizer.network.accept(play(2, 0, 2, 0, 1), recognizer.network.init_state())
    verdict = search.verdict(search.advance(frames, search.init_state()))
    assert verdict.understood == understood
    assert (verdict.free.text, verdict.held.text) == ("stop stop go", "stop stop stop")


@pytest.mark.parametrize("nats", [-0.1, math.nan])
def test_a_gate_below_zero_is_refused(nats):
    with pytest.raises(ConfigError, match=f"gate: nats is {nats}; 0 or more is accepted"):
        Gate(nats)


def test_an_understanding_is_a_value(recognizer):
    assert isinstance(recognizer.understand(SENTENCE, GRAMMAR), Understanding)
    assert recognizer.understand(SENTENCE, GRAMMAR) == recognizer.understand(SENTENCE, GRAMMAR)
