"""A line of a game as a recording to train on: at 16 kHz, trimmed to the speech, with its text in spoken form.

Letters of shapes: N samples.
"""

from stapes.corpus.augment.levels import Waveform, speech_begin, speech_end
from stapes.corpus.games.line import Sound
from stapes.corpus.recording import to_sample_rate
from stapes.units import SAMPLE_RATE_HZ

_BEFORE_SAMPLES = SAMPLE_RATE_HZ // 10
_AFTER_SAMPLES = SAMPLE_RATE_HZ * 15 // 100
_MIN_SECONDS, _MAX_SECONDS = 0.25, 16.0
# Outside these rates a text is not what is heard, or most of the recording is no speech.
_MIN_LETTERS_PER_SECOND, _MAX_LETTERS_PER_SECOND = 3, 25


def trimmed(sound: Sound) -> Waveform:
    """``sound`` at 16 kHz around a mean of zero, from 0.1 s before speech begins to 0.15 s after it ends."""
    samples = to_sample_rate(*sound)
    if not len(samples):
        return samples
    centred: Waveform = samples - samples.mean()
    begin = max(0, speech_begin(centred) - _BEFORE_SAMPLES)
    return centred[begin : speech_end(centred) + _AFTER_SAMPLES]


def why_unusable(text: str, samples: int) -> str | None:
    """What speaks against a recording of ``samples`` samples with the spoken form ``text``; None if nothing does.

    Wanted are 0.25 to 16 s with 3 to 25 letters a second, spaces among them.
    """
    seconds = samples / SAMPLE_RATE_HZ
    if not text:
        return "without words"
    if seconds < _MIN_SECONDS:
        return "too short"
    if seconds > _MAX_SECONDS:
        return "too long"
    if len(text) > _MAX_LETTERS_PER_SECOND * seconds:
        return "too many letters for their time"
    if len(text) < _MIN_LETTERS_PER_SECOND * seconds:
        return "too few letters for their time"
    return None
