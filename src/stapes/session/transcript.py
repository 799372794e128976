"""What was said, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stapes.decode import Phrases


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word.

    Attributes:
        text: the word in spoken form, lower case; or the written form of a phrase, which may be several words.
        start: seconds from the beginning of the recording, at least 0.
        end: seconds, at least ``start`` and at most the duration of the recording.
        confidence: from 0 to 1. In a final transcript of a model that holds a calibration: how often such words are
            right. While words may change it is rough.
    """

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard so far.

    Attributes:
        text: the words with single spaces between them.
        words: the words in order; they do not overlap.
        duration: seconds of sound that were taken in.
    """

    text: str
    words: tuple[Word, ...]
    duration: float


class HeardWord(Protocol):
    """A word in frames; see `stapes.decode.Word`."""

    @property
    def text(self) -> str: ...

    @property
    def start_frame(self) -> int: ...

    @property
    def end_frame(self) -> int: ...

    @property
    def confidence(self) -> float: ...


def to_transcript(
    heard: Sequence[HeardWord], frame_seconds: float, duration: float, phrases: Sequence[Phrases] = ()
) -> Transcript:
    """The words ``heard`` in seconds, with ``phrases`` in their written form.

    A word that the network emits after the last sample ends with it. The words of a phrase that is written otherwise
    than spoken become one, as sure as the least sure of them.
    """

    def seconds(frame: int) -> float:
        return min(frame * frame_seconds, duration)

    words = tuple(
        Word(word.text, seconds(word.start_frame), seconds(word.end_frame), word.confidence) for word in heard
    )
    for each in phrases:
        words = _written(words, each)
    return Transcript(" ".join(word.text for word in words), words, duration)


def _written(words: tuple[Word, ...], phrases: Phrases) -> tuple[Word, ...]:
    return tuple(
        Word(
            form.text,
            words[form.first].start,
            words[form.end - 1].end,
            min(word.confidence for word in words[form.first : form.end]),
        )
        for form in phrases.written([word.text for word in words])
    )
