"""What all executors of packed networks share: what else the model holds, and the way from samples to features.

Letters: N samples, F feature frames (10 ms), M mel bins, T encoder frames (40 ms), J joint, V vocabulary, E width of an
encoder frame: J, then V logits where the model has a CTC head.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from stapes import format as packed_format
from stapes.engine.calibration import read_calibration
from stapes.engine.endpointing import read_endpointing
from stapes.engine.language_model import read_language_model
from stapes.engine.settings import NetworkSettings, read_settings
from stapes.features import Fbank, FbankState
from stapes.units import ms_to_samples

Array = NDArray[np.float32]

SUBSAMPLING = 4
RECEPTIVE_FRAMES = 7


class HearingState(Protocol):
    """Where a stream stands; a value."""

    @property
    def fbank(self) -> FbankState:
        """Of the filter bank."""


State = TypeVar("State", bound=HearingState)


class Executor(ABC, Generic[State]):
    """Sound in, encoder frames out; a `stapes.decode.Scorer` that also hears.

    Args:
        model: what `stapes.format.read` gave.

    Raises:
        FormatError: the model holds no network of this kind.
    """

    def __init__(self, model: packed_format.PackedModel) -> None:
        self.settings: NetworkSettings = read_settings(model.metadata)
        self.ctc = self.settings if self.settings.ctc_scale else None
        self.language_model = read_language_model(
            model.metadata, model.tensors, len(self.settings.vocabulary)
        )
        self.endpointing = read_endpointing(model.metadata, model.tensors, self.settings.joint)
        self.calibration = read_calibration(model.metadata)
        self._fbank = Fbank(self.settings.features)
        self._tail = np.zeros(
            ms_to_samples(self.settings.tail_ms, self.settings.features.sample_rate_hz), np.float32
        )

    @property
    def vocabulary(self) -> Sequence[str]:
        """The V pieces by label; 0 is blank."""
        return self.settings.vocabulary

    @property
    def frame_ms(self) -> float:
        """Distance between encoder frames."""
        return self.settings.features.shift_ms * SUBSAMPLING

    @abstractmethod
    def init_state(self) -> State:
        """The state before the first sample."""

    def accept(self, samples: Array, state: State) -> tuple[Array, State]:
        """Encoder frames [T, E] that further ``samples`` ([N], 16 kHz, in [-1, 1]) complete."""
        frames, fbank = self._fbank.step(samples, state.fbank)
        return self._encode(frames, state, fbank)

    def flush(self, state: State) -> tuple[Array, State]:
        """The encoder frames [T, E] that remain when the stream ends: a tail of silence is heard first."""
        encoded, state = self.accept(self._tail, state)
        rest, end = self._encode(self._fbank.flush(state.fbank), state, self._fbank.init_state())
        return np.concatenate([encoded, rest]), end

    @abstractmethod
    def predict(self, contexts: NDArray[np.int64]) -> Array:
        """The joint's predictor part [N, J] after the last two labels [N, 2], older first; -1 is none."""

    @abstractmethod
    def join(self, encoder_frame: Array, predictions: Array) -> Array:
        """Log-probabilities [N, V] of an encoder frame [E] with predictor parts [N, J]."""

    @abstractmethod
    def _encode(self, frames: Array, state: State, fbank: FbankState) -> tuple[Array, State]:
        """Encoder frames [T, E] that further log-mel ``frames`` [F, M] complete; the next state, with ``fbank``."""


class IntegerExecutor(Executor[State]):
    """An executor in integers. Its encoder frames and predictor parts are float32 multiples of 2⁻¹⁰."""

    @abstractmethod
    def logits(self, encoder_frame: Array, predictions: Array) -> Array:
        """[N, V] of an encoder frame [E] with predictor parts [N, J]: multiples of 2⁻¹²."""

    def join(self, encoder_frame: Array, predictions: Array) -> Array:
        """Log-probabilities [N, V] of an encoder frame [E] with predictor parts [N, J].

        Rounded once from float64, so that neither the order of the sum nor the library matters.
        """
        exact = self.logits(encoder_frame, predictions).astype(np.float64)
        exact -= exact.max(axis=1, keepdims=True)
        exact -= np.log(np.exp(exact).sum(axis=1, keepdims=True))
        log_probs: Array = exact.astype(np.float32)
        return log_probs

    def encode_features(self, frames: Array, state: State) -> tuple[Array, State]:
        """Encoder frames [T, E] that further log-mel ``frames`` [F, M] complete; the filter bank is passed by."""
        return self._encode(frames, state, state.fbank)
