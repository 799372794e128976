"""What a rehearsal says of an end-pointer is what a session with it does."""

import numpy as np
import pytest

from stapes.session import (
    Confirmed,
    Final,
    Reason,
    Recognizer,
    Reset,
    Session,
    Speculative,
    outcome,
    rehearse,
    with_probabilities,
)
from tests.session.test_session import SPOKEN, PlayedNetwork, counting, play

LONG = np.concatenate([SPOKEN, play(*[0] * 20)])
PAUSED = play(0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 2, *[0] * 30)


@pytest.mark.parametrize("sound", [LONG, PAUSED, play(0, 1, 3), play(*[0] * 40)])
@pytest.mark.parametrize(("speculative", "final"), [(2, 5), (3, 4), (5, 12), (300, 301)])
def test_the_outcome_is_that_of_a_session(sound: np.ndarray, speculative: int, final: int) -> None:
    learned = counting(speculative, final, longest_pause_ms=600, no_speech_ms=1_200)
    recognizer = Recognizer(PlayedNetwork(learned))
    session = Session(recognizer)
    events = session.accept(sound)
    closed = [] if any(isinstance(event, Final) for event in events) else session.finish()
    first = [event for event in [*events, *closed] if event.utterance == 0]
    final_event = next(event for event in first if isinstance(event, Final))
    spoken = [event.time for event in first if isinstance(event, Speculative)]

    endpointer = recognizer.endpointer("normal")
    found = outcome(rehearse(recognizer, endpointer, sound), endpointer)
    assert found.final == pytest.approx(final_event.time)
    assert found.reason == final_event.reason
    assert found.resets == sum(isinstance(event, Reset) for event in first)
    if any(isinstance(event, Confirmed) for event in first):
        assert found.speculative == pytest.approx(spoken[-1])


def test_other_probabilities_end_otherwise() -> None:
    recognizer = Recognizer(PlayedNetwork(counting(2, 5)))
    endpointer = recognizer.endpointer("normal")
    moments = rehearse(recognizer, endpointer, LONG)
    never = with_probabilities(moments, np.zeros(len(moments)))
    assert outcome(moments, endpointer).reason == Reason.ENDPOINT
    assert outcome(never, endpointer).reason == Reason.CLOSED
    assert [moment.seconds for moment in never] == [moment.seconds for moment in moments]
