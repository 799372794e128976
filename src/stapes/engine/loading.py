"""Executors by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from stapes.engine.integer import IntegerNetwork
from stapes.engine.native import NativeNetwork
from stapes.engine.reference import Network
from stapes.errors import ConfigError

AnyNetwork: TypeAlias = Network | IntegerNetwork | NativeNetwork
_LOADERS: Mapping[str, Callable[[str | Path | None], AnyNetwork]] = {
    "integer": IntegerNetwork.load,
    "native": NativeNetwork.load,
    "reference": Network.load,
}
ENGINES = tuple(_LOADERS)
"""Names of the executors."""


def load(path: str | Path | None, engine: str) -> AnyNetwork:
    """The packed model at ``path``, or the bundled one, ready to be run by the executor of that name.

    Raises:
        ConfigError: there is no executor of that name, or ``native`` is not part of this installation.
        FormatError: the file is missing, damaged, or holds no network that the executor can run.
    """
    if engine not in _LOADERS:
        raise ConfigError(f"recognizer: engine is '{engine}'; {', '.join(ENGINES)} are accepted")
    return _LOADERS[engine](path)
