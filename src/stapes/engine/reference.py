"""The reference executor in NumPy: sound in, encoder frames out, one 40 ms frame at a time.

Every frame is computed by itself, with operations whose shapes do not depend on how the sound was cut into chunks;
so the values do not either. The network is described in ``spec/network.md``.
Letters: N samples, F feature frames (10 ms), M mel bins, T encoder frames (40 ms), H hidden, J joint, L layers,
C channels, V vocabulary.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes import format as packed_format
from stapes.engine.bundled import find_model
from stapes.engine.executor import RECEPTIVE_FRAMES, SUBSAMPLING, Array, Executor
from stapes.engine.settings import INTEGER, NetworkSettings, take_tensors
from stapes.features import FbankState

_NORM_EPSILON = np.float32(1e-5)


@dataclass(frozen=True)
class NetworkState:
    """Where a stream stands.

    Args:
        fbank: of the filter bank.
        features: [< 7, M] frames of which a part was used already.
        hidden: [L, H] outputs of the LSTM layers.
        cell: [L, H] cells of the LSTM layers.
    """

    fbank: FbankState
    features: Array
    hidden: Array
    cell: Array


class Network(Executor[NetworkState]):
    """A packed transducer, ready to run; a `stapes.decode.Scorer` that also hears.

    Args:
        model: what `stapes.format.read` gave.

    Raises:
        FormatError: the model holds no network of this kind, or its tensors do not fit its settings.
    """

    def __init__(self, model: packed_format.PackedModel) -> None:
        super().__init__(model)
        tensors = take_tensors(self.settings, model.tensors, INTEGER in model.metadata)
        self._mean, self._scale = tensors["feature_mean"], tensors["feature_scale"]
        self._subsampling = _Subsampling(self.settings, tensors)
        self._layers = [_LstmLayer(tensors, layer) for layer in range(self.settings.layers)]
        self._final_norm = _Norm(tensors, "final_norm")
        self._encoder_projection = _Linear(tensors, "encoder_projection")
        # -1, which stands for no label, embeds as the row of zeros at the end.
        self._embedding = np.concatenate(
            [tensors["embedding.weight"], np.zeros_like(tensors["embedding.weight"][:1])]
        )
        self._context = _Linear(tensors, "context")
        self._predictor_projection = _Linear(tensors, "predictor_projection")
        self._output = _Linear(tensors, "output")

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Network":
        """Read the packed model at ``path``, or the bundled one of that name, or the default one.

        Raises:
            FormatError: the file is missing, damaged, or holds no network of this kind.
        """
        return cls(packed_format.read(find_model(path)))

    def init_state(self) -> NetworkState:
        """The state before the first sample."""
        settings = self.settings
        zeros = np.zeros((settings.layers, settings.hidden), np.float32)
        no_features = np.zeros((0, settings.features.mel_bins), np.float32)
        return NetworkState(self._fbank.init_state(), no_features, zeros, zeros)

    def predict(self, contexts: NDArray[np.int64]) -> Array:
        """The joint's predictor part [N, J] after the last two labels [N, 2], older first; -1 is none."""
        embedded = self._embedding[contexts].reshape(len(contexts), -1)
        return self._predictor_projection(np.maximum(self._context(embedded), 0))

    def join(self, encoder_frame: Array, predictions: Array) -> Array:
        """Log-probabilities [N, V] of an encoder frame [E] with predictor parts [N, J]."""
        logits = self._output(np.tanh(encoder_frame[: self.settings.joint] + predictions))
        logits -= logits.max(axis=1, keepdims=True)
        log_probs: Array = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return log_probs

    def _encode(self, frames: Array, state: NetworkState, fbank: FbankState) -> tuple[Array, NetworkState]:
        features = np.concatenate([state.features, (frames - self._mean) * self._scale])
        count = max(0, (len(features) - RECEPTIVE_FRAMES) // SUBSAMPLING + 1)
        encoded = np.empty((count, self.settings.frame_width), np.float32)
        hidden, cell = state.hidden.copy(), state.cell.copy()
        for index in range(count):
            begin = index * SUBSAMPLING
            stream = self._subsampling(features[begin : begin + RECEPTIVE_FRAMES])
            for layer, lstm in enumerate(self._layers):
                hidden[layer], cell[layer] = lstm(stream, hidden[layer], cell[layer])
                stream = stream + hidden[layer]
            encoded[index] = self._encoder_projection(self._final_norm(stream))
        return encoded, NetworkState(fbank, features[count * SUBSAMPLING :].copy(), hidden, cell)


class _Linear:
    def __init__(self, tensors: dict[str, Array], name: str) -> None:
        self._weight, self._bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    def __call__(self, x: Array) -> Array:
        result: Array = x @ self._weight.T + self._bias
        return result


class _Norm:
    """Layer norm over the last axis."""

    def __init__(self, tensors: dict[str, Array], name: str) -> None:
        self._gain, self._bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    def __call__(self, x: Array) -> Array:
        centred = x - x.mean()
        result: Array = (
            centred / np.sqrt((centred * centred).mean() + _NORM_EPSILON) * self._gain + self._bias
        )
        return result


class _Subsampling:
    """Two 3 x 3 convolutions of stride 2 with ReLU as products with unrolled patches, then a linear map."""

    def __init__(self, settings: NetworkSettings, tensors: dict[str, Array]) -> None:
        self._kernels = []
        for name in ("subsampling.conv1", "subsampling.conv2"):
            # [out, in, time, mel] to [time, mel, in] x out, the order in which a patch lies in memory.
            kernel = tensors[f"{name}.weight"].transpose(2, 3, 1, 0)
            self._kernels.append(
                (np.ascontiguousarray(kernel.reshape(-1, kernel.shape[-1])), tensors[f"{name}.bias"])
            )
        weight = tensors["subsampling.linear.weight"]
        by_channel = weight.reshape(settings.hidden, settings.channels[1], -1)
        self._weight = np.ascontiguousarray(by_channel.transpose(0, 2, 1).reshape(weight.shape))
        self._bias = tensors["subsampling.linear.bias"]

    def __call__(self, features: Array) -> Array:
        """[7, M] to [H]."""
        image = features[:, :, None]
        for kernel, bias in self._kernels:
            image = np.maximum(_patches(image) @ kernel + bias, 0)
        result: Array = self._weight @ image.reshape(-1) + self._bias
        return result


def _patches(image: Array) -> Array:
    """[time, mel, C] to [time', mel', 9 C]: the 3 x 3 patches at every second place."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3), axis=(0, 1))[::2, ::2]
    unrolled = windows.transpose(0, 1, 3, 4, 2)
    return unrolled.reshape(*unrolled.shape[:2], -1)


class _LstmLayer:
    """A layer norm and an LSTM step (Hochreiter and Schmidhuber, 1997), gates in the order i, f, g, o."""

    def __init__(self, tensors: dict[str, Array], layer: int) -> None:
        self._norm = _Norm(tensors, f"norms.{layer}")
        name = f"lstms.{layer}"
        if f"{name}.weight" in tensors:
            self._weight, self._bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        else:
            self._weight = np.concatenate(
                [tensors[f"{name}.weight_ih_l0"], tensors[f"{name}.weight_hh_l0"]], axis=1
            )
            self._bias = tensors[f"{name}.bias_ih_l0"] + tensors[f"{name}.bias_hh_l0"]

    def __call__(self, x: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
        gates = self._weight @ np.concatenate([self._norm(x), hidden]) + self._bias
        i, f, g, o = gates.reshape(4, -1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
        return _sigmoid(o) * np.tanh(cell), cell


def _sigmoid(x: Any) -> Any:
    return np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5)
