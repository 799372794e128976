"""A network whose words can be played, and sound to play them with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAME_SAMPLES = 640
VOCABULARY = ("<blk>", "\u2581go", "\u2581stop", "\u2581up", "per")
LEVEL = 1 / 8


class PlayedNetwork:
    """Hears label k where a frame of 40 ms has a mean of k / 8.

    Args:
        endpointing: what it has learned of the ends of utterances.
        certainty: score of the label that is heard; that of others is 0.
    """

    vocabulary = VOCABULARY
    frame_ms = 40.0
    language_model = None
    ctc = None
    calibration = None

    def __init__(self, endpointing: Any = None, certainty: float = 5) -> None:
        self.endpointing, self._certainty = endpointing, certainty

    def init_state(self) -> NDArray[np.float32]:
        return np.zeros(0, np.float32)

    def accept(self, samples: NDArray[np.float32], state: Any) -> tuple[NDArray[np.float32], Any]:
        samples = np.concatenate([state, samples])
        whole = samples.size // FRAME_SAMPLES * FRAME_SAMPLES
        return self._frames(samples[:whole].reshape(-1, FRAME_SAMPLES)), samples[whole:]

    def flush(self, state: Any) -> tuple[NDArray[np.float32], Any]:
        return self._frames(state[np.newaxis, :] if state.size else np.zeros((0, 1))), None

    def _frames(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        labels = np.round(samples.mean(axis=1) / LEVEL).astype(int).clip(0, len(VOCABULARY) - 1)
        return np.float32(self._certainty) * np.eye(len(VOCABULARY), dtype=np.float32)[labels]

    def predict(self, contexts: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.zeros((len(contexts), len(VOCABULARY)), np.float32)

    def join(
        self, encoder_frame: NDArray[np.float32], predictions: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        logits = encoder_frame + predictions
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def play(*labels: int) -> NDArray[np.float32]:
    return np.repeat(np.array(labels, np.float32) * LEVEL, FRAME_SAMPLES)
