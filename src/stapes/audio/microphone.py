"""The microphone as a stream of blocks."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes.audio.reader import AudioWarning
from stapes.audio.resample import Resampler
from stapes.errors import AudioError, MissingExtraError
from stapes.units import SAMPLE_RATE_HZ

BLOCK_SECONDS = 0.1


class Microphone:
    """The default input device as an endless stream of mono float32 blocks of about 100 ms.

    The device runs at its own rate and the blocks are resampled. The device is opened when the iteration
    begins and closed when it ends. Warns with `AudioWarning` where sound was lost because blocks were fetched
    too late.

    Args:
        sample_rate_hz: rate of the blocks, 8000 to 192000.

    Raises:
        MissingExtraError: the package sounddevice is not installed.
        AudioError: on iteration, if there is no input device or it cannot be opened.
    """

    def __init__(self, sample_rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self._sounddevice = _import_sounddevice()

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        sounddevice = self._sounddevice
        try:
            device_rate_hz = round(sounddevice.query_devices(kind="input")["default_samplerate"])
            stream = sounddevice.InputStream(samplerate=device_rate_hz, channels=1, dtype="float32")
        except (sounddevice.PortAudioError, ValueError) as error:
            raise AudioError(f"microphone: no input device can be opened ({error}); connect one") from None
        resampler = Resampler(device_rate_hz, self.sample_rate_hz)
        block_samples = round(BLOCK_SECONDS * device_rate_hz)
        with stream:
            while True:
                samples, overflowed = stream.read(block_samples)
                if overflowed:
                    warnings.warn(
                        "microphone: sound was lost; the computer is too busy", AudioWarning, stacklevel=2
                    )
                yield resampler.push(samples)


def _import_sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError:
        raise MissingExtraError("sounddevice", "microphone", "The microphone") from None
    except OSError as error:
        raise AudioError(
            f"microphone: the PortAudio library is missing ({error}); install it, for example with "
            "apt install libportaudio2"
        ) from None
    return sounddevice
