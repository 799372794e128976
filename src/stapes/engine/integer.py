"""The executor in integer arithmetic, equal to the last bit on every machine: ``spec/numerics.md``, section 7.

Letters: N samples, F feature frames (10 ms), M mel bins, T encoder frames (40 ms), H hidden, J joint, L layers,
V vocabulary.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes import format as packed_format
from stapes import intmath
from stapes.engine.bundled import find_model
from stapes.engine.executor import RECEPTIVE_FRAMES, SUBSAMPLING, Array, IntegerExecutor
from stapes.engine.optional import read_optional
from stapes.engine.settings import INTEGER, IntegerSettings, NetworkSettings, take_tensors
from stapes.errors import FormatError
from stapes.features import FbankState

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class IntegerState:
    """Where a stream stands.

    Args:
        fbank: of the filter bank.
        features: [< 7, M] int8 frames of which a part was used already.
        hidden: [L, H] int8 outputs of the LSTM layers, Q0.7.
        cell: [L, H] int16 cells of the LSTM layers, Q4.11.
    """

    fbank: FbankState
    features: NDArray[np.int8]
    hidden: NDArray[np.int8]
    cell: NDArray[np.int16]


class IntegerNetwork(IntegerExecutor[IntegerState]):
    """A packed transducer run in integers; a `stapes.decode.Scorer` that also hears, as `stapes.engine.Network` is.

    Its encoder frames and predictor parts are float32 multiples of 2⁻¹⁰.

    Args:
        model: what `stapes.format.read` gave.

    Raises:
        FormatError: the model holds no network of this kind, cannot be run in integers, or its tensors do not fit its
            settings.
    """

    def __init__(self, model: packed_format.PackedModel) -> None:
        super().__init__(model)
        if read_optional(model.metadata, INTEGER, IntegerSettings) is None:
            raise FormatError(
                f"packed model: metadata holds no table '{INTEGER}'; a model of stapes compress is expected"
            )
        parts = _Parts(self.settings, model)
        self._mean, self._scale = parts.floats["feature_mean"], parts.floats["feature_scale"]
        self._convolutions = [parts.convolution(f"subsampling.conv{n}") for n in (1, 2)]
        self._subsampling = parts.linear("subsampling.linear", intmath.to_stream)
        self._layers = [
            (parts.norm(f"norms.{layer}"), parts.linear(f"lstms.{layer}", intmath.to_gates))
            for layer in range(self.settings.layers)
        ]
        self._final_norm = parts.norm("final_norm")
        self._encoder_projection = parts.linear("encoder_projection", intmath.to_stream)
        self._embedding = parts.embedding()
        self._context = parts.linear("context", _to_rectified)
        self._predictor_projection = parts.linear("predictor_projection", intmath.to_stream)
        self._output = parts.linear("output", intmath.to_logits)

    @classmethod
    def load(cls, path: str | Path | None = None) -> "IntegerNetwork":
        """Read the packed model at ``path``, or the bundled one of that name, or the default one.

        Raises:
            FormatError: the file is missing, damaged, or holds no network that can be run in integers.
        """
        return cls(packed_format.read(find_model(path)))

    def init_state(self) -> IntegerState:
        """The state before the first sample."""
        shape = self.settings.layers, self.settings.hidden
        no_features = np.zeros((0, self.settings.features.mel_bins), np.int8)
        return IntegerState(
            self._fbank.init_state(), no_features, np.zeros(shape, np.int8), np.zeros(shape, np.int16)
        )

    def predict(self, contexts: NDArray[np.int64]) -> Array:
        """The joint's predictor part [N, J] after the last two labels [N, 2], older first; -1 is none."""
        embedded = self._embedding[contexts].reshape(len(contexts), -1)
        return _to_floats(self._predictor_projection(self._context(embedded)), intmath.STREAM_BITS)

    def logits(self, encoder_frame: Array, predictions: Array) -> Array:
        """[N, V] of an encoder frame [E] with predictor parts [N, J]: multiples of 2⁻¹²."""
        frame, parts = (_to_integers(part) for part in (encoder_frame[: self.settings.joint], predictions))
        return _to_floats(self._output(intmath.joint_activation(frame, parts)), intmath.GATE_BITS)

    def _encode(self, frames: Array, state: IntegerState, fbank: FbankState) -> tuple[Array, IntegerState]:
        heard = intmath.quantise_features(frames, self._mean, self._scale)
        features = np.concatenate([state.features, heard])
        count = max(0, (len(features) - RECEPTIVE_FRAMES) // SUBSAMPLING + 1)
        encoded = np.empty((count, self.settings.frame_width), np.float32)
        hidden, cell = state.hidden.copy(), state.cell.copy()
        for index in range(count):
            begin = index * SUBSAMPLING
            stream = self._subsample(features[begin : begin + RECEPTIVE_FRAMES])
            for layer in range(self.settings.layers):
                stream = self._step(layer, stream, hidden, cell)
            frame = self._encoder_projection(self._final_norm(stream))
            encoded[index] = _to_floats(frame, intmath.STREAM_BITS)
        return encoded, IntegerState(fbank, features[count * SUBSAMPLING :].copy(), hidden, cell)

    def _subsample(self, features: NDArray[np.int8]) -> Integers:
        """[7, M] to the residual stream [H]."""
        image: NDArray[Any] = features[:, :, np.newaxis]
        for convolution in self._convolutions:
            image = convolution(image)
        return self._subsampling(image.swapaxes(1, 2).reshape(-1))

    def _step(
        self, layer: int, stream: Integers, hidden: NDArray[np.int8], cell: NDArray[np.int16]
    ) -> Integers:
        """The residual stream behind ``layer``, whose rows of ``hidden`` and ``cell`` [L, H] are replaced."""
        norm, gates = self._layers[layer]
        output, cell[layer] = intmath.lstm_step(
            gates(np.concatenate([norm(stream), hidden[layer]])), cell[layer]
        )
        hidden[layer] = intmath.to_int8(output)
        return intmath.add_to_stream(stream, output)


class _Linear:
    """A matrix and what its accumulators become."""

    def __init__(self, product: intmath.Matrix, requantise: intmath.Requantiser) -> None:
        self._product, self._requantise = product, requantise

    def __call__(self, x: NDArray[np.integer]) -> Integers:
        return self._requantise(self._product(x))


class _Parts:
    """The tensors of a packed model as operations."""

    def __init__(self, settings: NetworkSettings, model: packed_format.PackedModel) -> None:
        self.floats: Mapping[str, Array] = take_tensors(settings, model.tensors, joined=True)
        self._integers = model.integers
        for name, tensor in self.floats.items():
            if tensor.ndim > 1 and name not in model.integers:
                raise FormatError(
                    f"packed model: tensor '{name}': a codec of integers is expected for integer arithmetic"
                )

    def linear(self, name: str, made: Callable[[Array, Array], intmath.Requantiser]) -> _Linear:
        weight = self._integers[f"{name}.weight"]
        return _Linear(intmath.Matrix(weight.rows), made(weight.scales, self.floats[f"{name}.bias"]))

    def convolution(self, name: str) -> intmath.Convolution:
        weight = self._integers[f"{name}.weight"]
        return intmath.Convolution(weight.levels, weight.scales, self.floats[f"{name}.bias"])

    def norm(self, name: str) -> intmath.LayerNorm:
        return intmath.LayerNorm(self.floats[f"{name}.weight"], self.floats[f"{name}.bias"])

    def embedding(self) -> NDArray[np.int8]:
        """[V + 1, E]: -1, which stands for no label, finds the row of zeros at the end."""
        weight = self._integers["embedding.weight"]
        rows = intmath.to_embedding(weight.scales)(weight.rows.T).T
        return np.concatenate([rows, np.zeros_like(rows[:1])]).astype(np.int8)


def _to_rectified(scales: Array, biases: Array) -> intmath.Requantiser:
    return intmath.to_activation(scales, biases, relu=True)


def _to_floats(values: Integers, fraction_bits: int) -> Array:
    return np.ldexp(values.astype(np.float32), -fraction_bits)


def _to_integers(values: Array) -> Integers:
    return np.ldexp(values, intmath.STREAM_BITS).astype(np.int64)
