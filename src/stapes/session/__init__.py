"""Sound in, words out: what an application talks to."""

from stapes.decode import Reason
from stapes.session.alignment import align, word_gaps
from stapes.session.events import (
    Confirmed,
    Event,
    Final,
    Partial,
    Reset,
    Revised,
    Speculative,
    to_json,
)
from stapes.session.hearing import Hearing
from stapes.session.recognizer import Expected, Network, Recognizer, Stream
from stapes.session.rehearsal import Moment, Outcome, outcome, rehearse, with_probabilities
from stapes.session.session import Session
from stapes.session.transcript import Transcript, Word
from stapes.session.understanding import Understanding

__all__ = [
    "Confirmed",
    "Event",
    "Expected",
    "Final",
    "Hearing",
    "Moment",
    "Network",
    "Outcome",
    "Partial",
    "Reason",
    "Recognizer",
    "Reset",
    "Revised",
    "Session",
    "Speculative",
    "Stream",
    "Transcript",
    "Understanding",
    "Word",
    "align",
    "outcome",
    "rehearse",
    "to_json",
    "with_probabilities",
    "word_gaps",
]
