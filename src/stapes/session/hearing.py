"""Sound as a network hears it: encoder frames, each with how loud it was."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stapes.session.recognizer import NETWORK_RATE_HZ, Network

BLOCK_SAMPLES = 160
"""The sound is heard in blocks of 10 ms, whatever the chunks: an event never waits for more than that."""

_LEVEL_BLOCKS = 4
# -100 dB: digital silence has a level, too.
_LEAST_POWER = 1e-10

Heard = tuple[NDArray[np.float32], float]
"""An encoder frame [J], and the level of the last 40 ms that were heard for it, in dB relative to full scale."""


class Hearing:
    """Feeds a network block by block, so that what it gives and when does not depend on chunks.

    Args:
        network: the model.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._pending = np.zeros(0, np.float32)
        self._powers = np.zeros(_LEVEL_BLOCKS)
        self._heard_samples = 0
        self._state = network.init_state()

    @property
    def seconds(self) -> float:
        """Sound heard so far."""
        return self._heard_samples / NETWORK_RATE_HZ

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
            self._powers = np.append(self._powers[1:], np.square(block, dtype=np.float64).mean())
            frames, self._state = self._network.accept(block, self._state)
            level_db = float(10 * np.log10(self._powers.mean() + _LEAST_POWER))
            for frame in frames:
                yield frame, level_db

    def flush(self) -> NDArray[np.float32]:
        """The encoder frames [n, J] that remain when the sound ends."""
        self._heard_samples += self._pending.size
        frames, state = self._network.accept(self._pending, self._state)
        rest, self._state = self._network.flush(state)
        self._pending = self._pending[:0]
        return np.concatenate([frames, rest])
