"""Streaming conversion of the sample rate."""

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

from stapes.audio.samples import to_mono
from stapes.errors import AudioError

MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 192_000


class Resampler:
    """Converts one stream of mono samples from ``from_hz`` to ``to_hz``, chunk by chunk.

    The joined output is the same, bit for bit, for every chunking. It has ``samples * to_hz / from_hz``
    samples, rounded, and is aligned with the input: the delay of the filter (soxr, quality «HQ») is taken
    out. Equal rates pass through.

    Args:
        from_hz: rate of the input, 8000 to 192000.
        to_hz: rate of the output, in the same range.

    Raises:
        AudioError: a rate outside the range.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        check_rate(from_hz, "resampling")
        check_rate(to_hz, "resampling")
        self.from_hz = from_hz
        self.to_hz = to_hz
        self._finished = False
        self._stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")

    def push(self, samples: ArrayLike) -> NDArray[np.float32]:
        """Take ``samples`` (what `to_mono` accepts) and return what is ready, possibly nothing.

        Raises:
            AudioError: the samples are no sound, or the stream was flushed.
        """
        if self._finished:
            raise AudioError("resampling: the stream was flushed; a new Resampler is needed for more samples")
        return self._convert(to_mono(samples), last=False)

    def flush(self) -> NDArray[np.float32]:
        """End the stream and return the rest; a second call returns nothing."""
        nothing = np.zeros(0, np.float32)
        if self._finished:
            return nothing
        self._finished = True
        return self._convert(nothing, last=True)

    def _convert(self, mono: NDArray[np.float32], last: bool) -> NDArray[np.float32]:
        if self._stream is None:
            return mono.copy()
        converted: NDArray[np.float32] = self._stream.resample_chunk(mono, last=last)
        return converted


def check_rate(sample_rate_hz: int, where: str) -> None:
    """Raises AudioError, beginning with ``where``, unless the rate lies in 8 to 192 kHz."""
    if not MIN_RATE_HZ <= sample_rate_hz <= MAX_RATE_HZ:
        raise AudioError(
            f"{where}: a sample rate of {sample_rate_hz} Hz is not supported; "
            f"{MIN_RATE_HZ} to {MAX_RATE_HZ} Hz is accepted"
        )
