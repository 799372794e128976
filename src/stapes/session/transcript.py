"""What was said, and when."""

from dataclasses import dataclass

from stapes.decode import Hypothesis


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word.

    Attributes:
        text: the word in spoken form, lower case.
        start: seconds from the beginning of the recording, at least 0.
        end: seconds, at least ``start`` and at most the duration of the recording.
        confidence: from 0 to 1; not calibrated.
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


def to_transcript(hypothesis: Hypothesis, frame_seconds: float, duration: float) -> Transcript:
    """``hypothesis`` in seconds; a word that the network emits after the last sample ends with it."""

    def seconds(frame: int) -> float:
        return min(frame * frame_seconds, duration)

    words = tuple(
        Word(word.text, seconds(word.start_frame), seconds(word.end_frame), word.confidence)
        for word in hypothesis.words
    )
    return Transcript(hypothesis.text, words, duration)
