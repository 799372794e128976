"""Recordings as stapes reads them, and as it writes them: mono FLAC at 16 kHz with 16 bits."""

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from stapes import audio
from stapes.corpus.manifest import Utterance
from stapes.errors import CorpusError
from stapes.units import SAMPLE_RATE_HZ, seconds_to_samples

# The duration in a manifest may be rounded; a rest shorter than this belongs to the utterance.
_ROUNDING_SAMPLES = SAMPLE_RATE_HZ // 10


def read_utterance(utterance: Utterance) -> NDArray[np.float32]:
    """The samples [N] of ``utterance`` within its recording, at 16 kHz.

    Raises:
        AudioError: the recording cannot be read.
        CorpusError: it ends before the utterance begins.
    """
    samples = audio.read(utterance.audio, SAMPLE_RATE_HZ)
    begin = seconds_to_samples(utterance.start, SAMPLE_RATE_HZ)
    end = begin + seconds_to_samples(utterance.duration, SAMPLE_RATE_HZ)
    if begin >= len(samples):
        raise CorpusError(
            f"{utterance.id}: starts at {utterance.start} s, but {utterance.audio} lasts "
            f"{len(samples) / SAMPLE_RATE_HZ:.3f} s; a start within the recording is expected"
        )
    return samples[begin:] if len(samples) - end < _ROUNDING_SAMPLES else samples[begin:end]


def to_sample_rate(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """``samples`` [N] of ``rate_hz`` at 16 kHz."""
    return np.asarray(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), np.float32)


def write_recording(path: Path, samples: NDArray[np.float32]) -> None:
    """Write ``samples`` [N] at 16 kHz, full scale ±1, what is louder is clipped; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_file = path.with_name(path.name + ".partial")
    soundfile.write(partial_file, np.clip(samples, -1.0, 1.0), SAMPLE_RATE_HZ, format="FLAC")
    partial_file.replace(path)
