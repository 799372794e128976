"""Puts a fitted end-pointer into a packed model; the rest of the model stays as it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes import format
from stapes.codec import Codec, Dense, Float32

PREFIX = "endpoint."
# Weights of a table lie in rows, so that each row has a scale of its own.
_ROW = 256


def add_endpointer(
    source: Path, target: Path, tensors: Mapping[str, NDArray[np.float32]], settings: Mapping[str, Any]
) -> None:
    """Write the packed model ``source`` as ``target`` with an end-pointer, in place of one it may have.

    Args:
        source: a packed model.
        target: the file to write; may be ``source``.
        tensors: by name, without prefix; ``completeness`` has a multiple of 256 weights.
        settings: the metadata ``endpoint``.

    Raises:
        FormatError: ``source`` is no packed model, or ``target`` cannot be written.
    """
    model = format.read(source)
    kept = {entry.name: (model.stored(entry.name), entry.codec) for entry in model.entries}
    kept = {name: tensor for name, tensor in kept.items() if not name.startswith(PREFIX)}
    added = {PREFIX + name: _coded(name, tensor) for name, tensor in tensors.items()}
    format.write(target, {**model.metadata, "endpoint": dict(settings)}, kept | added)


def _coded(name: str, tensor: NDArray[np.float32]) -> tuple[NDArray[np.float32], Codec]:
    if name == "completeness":
        return tensor.reshape(-1, _ROW), Dense(8, coded=1)
    return tensor, Dense(8, coded=1) if tensor.ndim > 1 else Float32()
