"""The words of a known text are found where they are said."""

import numpy as np

from stapes.session import align, word_gaps
from tests.session.test_session import PlayedNetwork, play

NETWORK = PlayedNetwork()
# go, upper, stop
SPOKEN = play(0, 1, 0, 0, 3, 4, 0, 2)


def test_words_are_found() -> None:
    found = align(NETWORK, SPOKEN, "go upper stop")
    assert found is not None
    assert [(word.text, word.start_frame, word.end_frame) for word in found.words] == [
        ("go", 1, 2),
        ("upper", 4, 6),
        ("stop", 7, 8),
    ]


def test_a_text_that_is_not_said_is_put_somewhere() -> None:
    found = align(NETWORK, SPOKEN, "stop go")
    assert found is not None
    assert found.text == "stop go"


def test_a_text_that_does_not_fit() -> None:
    assert align(NETWORK, SPOKEN, " ".join(["go"] * 9)) is None
    assert align(NETWORK, SPOKEN, "halt") is None
    assert word_gaps(NETWORK, SPOKEN, "halt") == []


def test_a_gap_reaches_from_the_last_label_to_the_next() -> None:
    gaps = word_gaps(NETWORK, SPOKEN, "go upper stop")
    assert gaps == [(1 * 640, 5 * 640), (5 * 640, 8 * 640)]
    assert np.all(np.diff(gaps) > 0)
