"""Sound as a network hears it: encoder frames, each with how loud and how high it was."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stapes.decode import Sound
from stapes.features import WINDOW_SAMPLES, find_pitch
from stapes.session.recognizer import Network
from stapes.units import SAMPLE_RATE_HZ

BLOCK_SAMPLES = 640
"""The sound is heard in blocks of 40 ms, whatever the chunks. A frame of `stapes.engine` is complete 2.5 ms before the
end of a block, so nothing is told noticeably later than it could be."""

# -100 dB: digital silence has a level, too.
_LEAST_POWER = 1e-10

Heard = tuple[NDArray[np.float32], Sound]
"""An encoder frame [J], and the sound of the block that completed it."""


class Hearing:
    """Feeds a network block by block, so that what it gives and when does not depend on chunks.

    Args:
        network: the model.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._pending = np.zeros(0, np.float32)
        self._window = np.zeros(WINDOW_SAMPLES, np.float32)
        self._heard_samples = 0
        self._state = network.init_state()

    @property
    def seconds(self) -> float:
        """Sound heard so far."""
        return self._heard_samples / SAMPLE_RATE_HZ

    def begin(self) -> None:
        """Let the network begin anew with the next block."""
        self._state = self._network.init_state()

    def accept(self, samples: NDArray[np.float32]) -> Iterator[Heard]:
        """What 16 kHz ``samples`` [N] complete; the rest of a block waits for more."""
        samples = np.concatenate([self._pending, samples])
        whole = samples.size // BLOCK_SAMPLES * BLOCK_SAMPLES
        self._pending = samples[whole:].copy()
        for block in samples[:whole].reshape(-1, BLOCK_SAMPLES):
            self._heard_samples += BLOCK_SAMPLES
            frames, self._state = self._network.accept(block, self._state)
            self._window = np.concatenate([self._window[BLOCK_SAMPLES:], block])
            sound = _sound(block, self._window)
            for frame in frames:
                yield frame, sound

    def flush(self) -> NDArray[np.float32]:
        """The encoder frames [n, J] that remain when the sound ends."""
        self._heard_samples += self._pending.size
        frames, state = self._network.accept(self._pending, self._state)
        rest, self._state = self._network.flush(state)
        self._pending = self._pending[:0]
        return np.concatenate([frames, rest])


def _sound(block: NDArray[np.float32], window: NDArray[np.float32]) -> Sound:
    """Of ``block``, at the end of ``window``."""
    power = np.square(block, dtype=np.float64).mean()
    pitch = find_pitch(window)
    return Sound(float(10 * np.log10(power + _LEAST_POWER)), pitch.voicing, pitch.octaves)
