"""Executors by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from stapes import format as packed_format
from stapes.engine.bundled import find_model
from stapes.engine.integer import IntegerNetwork
from stapes.engine.native import NativeNetwork, native_module
from stapes.engine.reference import Network
from stapes.engine.settings import INTEGER
from stapes.errors import ConfigError

AnyNetwork: TypeAlias = Network | IntegerNetwork | NativeNetwork
_LOADERS: Mapping[str, Callable[[packed_format.PackedModel, Path], AnyNetwork]] = {
    "integer": lambda model, _: IntegerNetwork(model),
    "native": NativeNetwork,
    "reference": lambda model, _: Network(model),
}
ENGINES = tuple(_LOADERS)
"""Names of the executors."""


def load(path: str | Path | None, engine: str | None = None) -> AnyNetwork:
    """The packed model at ``path`` (see `find_model`), ready to be run by the executor of that name.

    Without a name it is ``native`` where this installation has it and the model can be run in integers, else
    ``reference``.

    Raises:
        ConfigError: there is no executor of that name, or ``native`` is not part of this installation.
        FormatError: the file is missing, damaged, or holds no network that the executor can run.
    """
    if engine is not None and engine not in _LOADERS:
        raise ConfigError(f"recognizer: engine is '{engine}'; {', '.join(ENGINES)} are accepted")
    path = find_model(path)
    model = packed_format.read_lazily(path)
    if engine is None:
        engine = "native" if INTEGER in model.metadata and native_module() is not None else "reference"
    return _LOADERS[engine](model, path)
