"""Sound in: any common file, any rate, any chunk, turned into mono float32 blocks at 16 kHz."""

from stapes.audio.microphone import Microphone
from stapes.audio.reader import AudioReader, AudioWarning, read
from stapes.audio.resample import MAX_RATE_HZ, MIN_RATE_HZ, Resampler
from stapes.audio.samples import to_mono

__all__ = [
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "AudioReader",
    "AudioWarning",
    "Microphone",
    "Resampler",
    "read",
    "to_mono",
]
