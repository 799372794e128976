"""The integer executor in C++: the integers of `stapes.engine.IntegerNetwork`, many times faster.

Letters: N samples, F feature frames (10 ms), T encoder frames (40 ms), J joint, V vocabulary.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stapes import format as packed_format
from stapes.engine.bundled import find_model
from stapes.engine.executor import Array, IntegerExecutor
from stapes.errors import ConfigError
from stapes.features import FbankState
from stapes.intmath import STREAM_BITS

if TYPE_CHECKING:
    from stapes._native import Network as _Compiled
    from stapes._native import State as _CompiledState


@dataclass(frozen=True)
class NativeState:
    """Where a stream stands.

    Args:
        fbank: of the filter bank.
        network: of the encoder; compared, copied and kept like any value.
    """

    fbank: FbankState
    network: "_CompiledState"


class NativeNetwork(IntegerExecutor[NativeState]):
    """A packed transducer run in integers by the compiled module; a `stapes.decode.Scorer` that also hears.

    Its encoder frames and predictor parts are float32 multiples of 2⁻¹⁰.

    Args:
        model: what `stapes.format.read_lazily` gave; none of its tensors is decoded.
        path: where from; the compiled module maps the file itself.
        kernels: one of `stapes._native.kernels()`; the best that this CPU runs if empty.

    Raises:
        ConfigError: stapes was installed without the compiled module, or the CPU does not run ``kernels``.
        FormatError: the file is missing, damaged, or holds no network that can be run in integers.
    """

    def __init__(self, model: packed_format.PackedModel, path: str | Path, kernels: str = "") -> None:
        compiled = native_module()
        if compiled is None:
            raise ConfigError(
                "recognizer: engine 'native' is not part of this installation;"
                " 'integer' gives the same results without it"
            )
        self._network: _Compiled = compiled.Network(str(path), kernels)
        super().__init__(replace(model, tensors=_Decoded(model.entries, self._network)))

    @classmethod
    def load(cls, path: str | Path | None = None, kernels: str = "") -> "NativeNetwork":
        """Read the packed model at ``path``, or the bundled one of that name, or the default one."""
        path = find_model(path)
        return cls(packed_format.read_lazily(path), path, kernels)

    @property
    def compiled(self) -> "_Compiled":
        """The network of the compiled module."""
        return self._network

    @property
    def kernels(self) -> str:
        """Name of the kernels that run it."""
        return self._network.kernels

    def init_state(self) -> NativeState:
        """The state before the first sample."""
        return NativeState(self._fbank.init_state(), self._network.init_state())

    def predict(self, contexts: NDArray[np.int64]) -> Array:
        """The joint's predictor part [N, J] after the last two labels [N, 2], older first; -1 is none."""
        return _to_floats(self._network.predict(contexts.astype(np.int32)))

    def logits(self, encoder_frame: Array, predictions: Array) -> Array:
        """[N, V] of an encoder frame [E] with predictor parts [N, J]: multiples of 2⁻¹²."""
        heard = encoder_frame[: self.settings.joint]
        return self._network.logits(_to_integers(heard), _to_integers(predictions))

    def _encode(self, frames: Array, state: NativeState, fbank: FbankState) -> tuple[Array, NativeState]:
        encoded, network = self._network.encode(np.ascontiguousarray(frames, np.float32), state.network)
        return _to_floats(encoded), NativeState(fbank, network)


class _Decoded(Mapping[str, Array]):
    """The tensors of a packed model, decoded by the compiled module whenever they are asked for."""

    def __init__(self, entries: Sequence[packed_format.Entry], network: "_Compiled") -> None:
        self._shapes = {entry.name: entry.shape for entry in entries}
        self._network = network

    def __getitem__(self, name: str) -> Array:
        shape = self._shapes[name]
        return self._network.tensor(name).reshape(shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)


def native_module() -> Any | None:
    """The compiled module ``stapes._native``, or None where stapes was installed without it."""
    try:
        return importlib.import_module("stapes._native")
    except ImportError:
        return None


def _to_floats(values: NDArray[np.int16]) -> Array:
    return np.ldexp(values.astype(np.float32), -STREAM_BITS)


def _to_integers(values: Array) -> NDArray[np.int16]:
    return np.ldexp(values, STREAM_BITS).astype(np.int16)
