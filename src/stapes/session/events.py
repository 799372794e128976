"""What a session tells: partial texts, speculations on the end of what is said, and final transcripts.

The events of one utterance come in this order::

    Partial*  [ Speculative  (Partial*  Reset  Partial*  Revised)*  Partial*  Confirmed ]  Final

so whatever was begun at ``Speculative`` or ``Revised`` is either thrown away at ``Reset`` or may take effect at
``Confirmed``. ``Final`` alone ends an utterance in which nothing was said. ``spec/events.md`` describes the fields.
"""

import json
from dataclasses import dataclass
from typing import Any

from stapes import lattice
from stapes.decode import Reason
from stapes.lattice import Lattice
from stapes.session.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Partial:
    """The text has changed, or more of it has become stable.

    Attributes:
        utterance: number of the utterance, from 0.
        time: seconds of sound heard by the session.
        text: the words so far, as spoken.
        stable: its first words, which no later event of the utterance changes.
    """

    utterance: int
    time: float
    text: str
    stable: str


@dataclass(frozen=True, slots=True)
class Speculative:
    """The user has probably finished: work without side effects may begin.

    Attributes:
        utterance: number of the utterance, from 0.
        time: seconds of sound heard by the session.
        transcript: what is taken as said, phrases in their written form.
        probability: in [0, 1], that the user has finished.
        lattice: what may have been said; its frames count from ``begin``.
        begin: seconds of sound heard before the utterance.
    """

    utterance: int
    time: float
    transcript: Transcript
    probability: float
    lattice: Lattice
    begin: float


@dataclass(frozen=True, slots=True)
class Reset:
    """The words have changed since the last speculation: what it began is void.

    Attributes:
        utterance: number of the utterance, from 0.
        time: seconds of sound heard by the session.
    """

    utterance: int
    time: float


@dataclass(frozen=True, slots=True)
class Revised(Speculative):
    """A speculation after a reset; the fields are those of ``Speculative``."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The last speculation was right: its work may take effect.

    Attributes:
        utterance: number of the utterance, from 0.
        time: seconds of sound heard by the session.
    """

    utterance: int
    time: float


@dataclass(frozen=True, slots=True)
class Final:
    """The utterance has ended; the session listens for the next one.

    Attributes:
        utterance: number of the utterance, from 0.
        time: seconds of sound heard by the session.
        transcript: what was said, phrases in their written form; its times count from the beginning of the session.
        reason: why it ended.
    """

    utterance: int
    time: float
    transcript: Transcript
    reason: Reason


Event = Partial | Speculative | Reset | Revised | Confirmed | Final


def to_json(event: Event) -> dict[str, Any]:
    """``event`` as ``spec/events.md`` writes it: JSON types only, times in milliseconds as integers."""
    fields: dict[str, Any] = {
        "event": type(event).__name__.lower(),
        "utterance": event.utterance,
        "time_ms": _ms(event.time),
    }
    if isinstance(event, Partial):
        fields |= {"text": event.text, "stable": event.stable}
    if isinstance(event, Speculative | Final):
        fields |= _said(event.transcript)
    if isinstance(event, Speculative):
        fields["probability"] = round(event.probability, 3)
        fields["begin_ms"] = _ms(event.begin)
        fields["lattice"] = json.loads(lattice.to_json(event.lattice))
    if isinstance(event, Final):
        fields["reason"] = str(event.reason)
    return fields


def _said(transcript: Transcript) -> dict[str, Any]:
    words = [
        [word.text, _ms(word.start), _ms(word.end), round(word.confidence, 3)] for word in transcript.words
    ]
    return {"text": transcript.text, "words": words}


def _ms(seconds: float) -> int:
    return int(seconds * 1000 + 0.5)
