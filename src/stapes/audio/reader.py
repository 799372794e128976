"""Sound files as a stream of blocks."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from stapes.audio.container import Container, inspect
from stapes.audio.resample import Resampler, check_rate
from stapes.audio.samples import to_mono
from stapes.errors import AudioError
from stapes.units import SAMPLE_RATE_HZ

KINDS = "wav, flac, ogg, opus and mp3 are accepted"


class AudioWarning(UserWarning):
    """A recording is usable, but not whole."""


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile is an untyped import
    """A sound file that soundfile does not seek in.

    Otherwise it seeks after each block, which is audible in mp3 and fails in a flac of unknown length.
    """

    def seekable(self) -> bool:
        return False


class AudioReader:
    """A sound file as mono float32 blocks at one sample rate, in constant memory.

    Each iteration reads the file once more. Wav, flac, ogg, opus and mp3 are promised (whatever else
    libsndfile knows works too), with 8 to 192 kHz and 1 to 64 channels, which are averaged. Full scale is ±1.

    Args:
        path: the file.
        sample_rate_hz: rate of the blocks, 8000 to 192000.
        block_seconds: length of the blocks, about; the last one is shorter.

    Attributes:
        warning: after an iteration, one sentence if the end of the recording is missing; what is there was
            delivered.

    Raises:
        AudioError: on iteration, if the file is missing, a folder, no sound file, empty, cut off before the
            first sample, of a rate outside 8 to 192 kHz, without channels, or holds NaN or infinite samples.
    """

    def __init__(
        self, path: str | Path, sample_rate_hz: int = SAMPLE_RATE_HZ, block_seconds: float = 1.0
    ) -> None:
        check_rate(sample_rate_hz, "reading audio")
        if block_seconds <= 0:
            raise AudioError(f"reading audio: blocks of {block_seconds} s; a length above 0 s is accepted")
        self.path = Path(path)
        self.sample_rate_hz = sample_rate_hz
        self.block_seconds = block_seconds
        self.warning: str | None = None

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        self.warning = None
        container = _check(self.path)
        with _open(self.path, container) as file:
            resampler = Resampler(file.samplerate, self.sample_rate_hz)
            for block in self._source_blocks(file, container):
                converted = resampler.push(block)
                if converted.size:
                    yield converted
            rest = resampler.flush()
            if rest.size:
                yield rest

    def _source_blocks(
        self, file: soundfile.SoundFile, container: Container
    ) -> Iterator[NDArray[np.float32]]:
        block_samples = max(1, round(self.block_seconds * file.samplerate))
        buffer = np.empty((block_samples, file.channels), np.float32)
        delivered_samples, damaged, count = 0, False, block_samples
        while count == block_samples and not damaged:
            count, damaged = _fill(buffer, file)
            delivered_samples += count
            yield to_mono(buffer[:count], str(self.path))
        is_short = container.length_is_known and delivered_samples < file.frames
        damaged = damaged or is_short or container.cut_off
        self._judge_end(delivered_samples, file.samplerate, damaged)

    def _judge_end(self, delivered_samples: int, sample_rate_hz: int, damaged: bool) -> None:
        if delivered_samples == 0:
            reason = "is cut off or damaged before the first sample" if damaged else "holds no samples"
            raise AudioError(f"{self.path}: the recording {reason}; at least one sample is needed")
        if damaged:
            seconds = delivered_samples / sample_rate_hz
            self.warning = (
                f"{self.path}: the recording is cut off or damaged after {seconds:.2f} s; the rest is missing"
            )


def _fill(buffer: NDArray[np.float32], file: soundfile.SoundFile) -> tuple[int, bool]:
    """Read samples into ``buffer``, shape ``[samples, channels]``: how many, and whether damage follows."""
    buffer.fill(np.nan)
    try:
        return len(file.read(out=buffer)), False
    except soundfile.LibsndfileError:
        is_missing = np.isnan(buffer[:, 0])
        count = int(is_missing.argmax()) if is_missing.any() else len(buffer)
        return count, True


def read(path: str | Path, sample_rate_hz: int = SAMPLE_RATE_HZ) -> NDArray[np.float32]:
    """The whole file as mono float32, shape ``[samples]``; see `AudioReader`.

    Warns with `AudioWarning` where the end of the recording is missing.

    Raises:
        AudioError: what `AudioReader` raises.
    """
    reader = AudioReader(path, sample_rate_hz)
    samples = np.concatenate(list(reader))
    if reader.warning:
        warnings.warn(reader.warning, AudioWarning, stacklevel=2)
    return samples


def _check(path: Path) -> Container:
    """Refuse what cannot be a sound file, with the reason; the container of what can."""
    if path.is_dir():
        raise AudioError(f"{path}: a folder; a sound file is expected ({KINDS})")
    if not path.exists():
        raise AudioError(f"{path}: no such file")
    if not path.is_file():
        raise AudioError(f"{path}: not a regular file; pipes and devices cannot be read")
    if path.stat().st_size == 0:
        raise AudioError(f"{path}: the file is empty (0 bytes)")
    try:
        container = inspect(path)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror}") from None
    if container.channels == 0:
        raise AudioError(f"{path}: the header declares zero channels; at least one is needed")
    if container.sample_rate_hz is not None:
        check_rate(container.sample_rate_hz, str(path))
    return container


def _open(path: Path, container: Container) -> soundfile.SoundFile:
    try:
        file = _ForwardFile(path)
    except (soundfile.LibsndfileError, TypeError):  # TypeError: a name that ends in .raw
        if container.kind == "unknown":
            raise AudioError(f"{path}: not a sound file; {KINDS}") from None
        raise AudioError(f"{path}: the {container.kind} header is cut off or damaged") from None
    try:
        check_rate(file.samplerate, str(path))
    except AudioError:
        file.close()
        raise
    return file
