"""Phrases in a stream: what they change, and how they are written."""

import numpy as np
import pytest

from stapes import Phrases, Recognizer
from tests.session.played import PlayedNetwork, play

UNCLEAR = play(0, 3, 1, 0)
UPPER = Phrases([("upper", 3.0)])


@pytest.mark.parametrize("beam", [1, 4])
def test_phrases_change_what_is_heard_in_their_stream_alone(beam):
    recognizer = Recognizer(PlayedNetwork(), beam=beam)
    assert recognizer.transcribe(UNCLEAR).text == "up go"
    assert recognizer.transcribe(UNCLEAR, expected=[UPPER]).text == "upper"
    assert recognizer.stream(expected=[UPPER]).accept(UNCLEAR).finish().text == "upper"
    assert recognizer.transcribe(UNCLEAR).text == "up go"


def test_an_empty_list_changes_nothing():
    recognizer = Recognizer(PlayedNetwork())
    assert recognizer.transcribe(UNCLEAR, expected=[Phrases([])]) == recognizer.transcribe(UNCLEAR)


def test_chunks_change_nothing_with_phrases_either():
    recognizer = Recognizer(PlayedNetwork())
    whole = recognizer.transcribe(UNCLEAR, expected=[UPPER])
    stream = recognizer.stream(expected=[UPPER])
    for chunk in np.array_split(UNCLEAR, 7):
        stream.accept(chunk)
    assert stream.finish() == whole


def test_a_name_is_written_as_one_word_from_its_first_to_its_last():
    recognizer = Recognizer(PlayedNetwork())
    sound = play(0, 1, 0, 0, 3, 4, 0, 2)
    spoken = recognizer.transcribe(sound).words
    written = recognizer.transcribe(sound, expected=[Phrases([], aliases={"upper stop": "Upper Stop 2"})])
    assert written.text == "go Upper Stop 2"
    assert [word.text for word in written.words] == ["go", "Upper Stop 2"]
    assert (written.words[1].start, written.words[1].end) == (spoken[1].start, spoken[2].end)
    assert 0 < written.words[1].confidence <= 1


def test_partial_words_are_written_as_well():
    stream = Recognizer(PlayedNetwork()).stream(expected=[Phrases([], aliases={"go": "Go!"})])
    assert stream.accept(play(0, 1, 0)).partial.text == "Go!"
