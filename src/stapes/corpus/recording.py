"""Recordings as stapes writes them: mono FLAC at 16 kHz with 16 bits."""

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from stapes.units import SAMPLE_RATE_HZ


def to_sample_rate(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """``samples`` [N] of ``rate_hz`` at 16 kHz."""
    return np.asarray(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), np.float32)


def write_recording(path: Path, samples: NDArray[np.float32]) -> None:
    """Write ``samples`` [N] at 16 kHz, full scale ±1, what is louder is clipped; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_file = path.with_name(path.name + ".partial")
    soundfile.write(partial_file, np.clip(samples, -1.0, 1.0), SAMPLE_RATE_HZ, format="FLAC")
    partial_file.replace(path)
