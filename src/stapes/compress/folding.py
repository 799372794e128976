"""Moves factors between layers, so that every input of a matrix lies within ±1: ``spec/numerics.md``, section 8.

Letters: H hidden, L layers.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[np.float32]]

# What is divided by a range, and the matrix that is multiplied by it.
_MOVES = {
    "features": (("feature_scale",), "subsampling.conv1.weight"),
    "conv1": (("subsampling.conv1.weight", "subsampling.conv1.bias"), "subsampling.conv2.weight"),
    "conv2": (("subsampling.conv2.weight", "subsampling.conv2.bias"), "subsampling.linear.weight"),
    "final_norm": (("final_norm.weight", "final_norm.bias"), "encoder_projection.weight"),
    "embedding": (("embedding.weight",), "context.weight"),
    "context": (("context.weight", "context.bias"), "predictor_projection.weight"),
}


def fold(tensors: Tensors, ranges: Mapping[str, float]) -> dict[str, NDArray[np.float32]]:
    """The network of ``tensors`` in the form that can be run in integers; it means the same but for rounding.

    Args:
        tensors: of ``spec/network.md``, by name; left as they are.
        ranges: as `measure_ranges` gives them; a missing name stands for 1.
    """
    folded = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    for layer in range(sum(name.endswith(".weight_hh_l0") for name in tensors)):
        _join(folded, layer, ranges.get(f"norms.{layer}", 1.0))
    for name, (divided, multiplied) in _MOVES.items():
        for tensor in divided:
            folded[tensor] /= ranges.get(name, 1.0)
        folded[multiplied] *= ranges.get(name, 1.0)
    return {name: tensor.astype(np.float32) for name, tensor in folded.items()}


def unfold(tensors: Tensors, ranges: Mapping[str, float]) -> dict[str, NDArray[np.float32]]:
    """The network of ``spec/network.md`` that `fold` made ``tensors`` of, with the same ``ranges``.

    Of the two biases of a layer, which only their sum tells, the second is zero.
    """
    unfolded = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    for layer in range(sum(name.startswith("norms.") for name in tensors) // 2):
        _part(unfolded, layer, ranges.get(f"norms.{layer}", 1.0))
    for name, (divided, multiplied) in _MOVES.items():
        for tensor in divided:
            unfolded[tensor] *= ranges.get(name, 1.0)
        unfolded[multiplied] /= ranges.get(name, 1.0)
    return {name: tensor.astype(np.float32) for name, tensor in unfolded.items()}


def integer_metadata(ranges: Mapping[str, float]) -> dict[str, Any]:
    """The metadata ``integer`` of a folded network."""
    return {"kind": "q7", "ranges": dict(ranges)}


def _join(tensors: dict[str, NDArray[np.float64]], layer: int, norm_range: float) -> None:
    """One matrix [4 H, 2 H] and one bias for the LSTM ``layer``."""
    name = f"lstms.{layer}"
    for part in ("weight", "bias"):
        tensors[f"norms.{layer}.{part}"] /= norm_range
    sides = tensors.pop(f"{name}.weight_ih_l0") * norm_range, tensors.pop(f"{name}.weight_hh_l0")
    tensors[f"{name}.weight"] = np.concatenate(sides, axis=1)
    tensors[f"{name}.bias"] = tensors.pop(f"{name}.bias_ih_l0") + tensors.pop(f"{name}.bias_hh_l0")


def _part(tensors: dict[str, NDArray[np.float64]], layer: int, norm_range: float) -> None:
    """The matrices and biases of the LSTM ``layer`` that `_join` took together."""
    name = f"lstms.{layer}"
    for part in ("weight", "bias"):
        tensors[f"norms.{layer}.{part}"] *= norm_range
    inputs, hidden = np.split(tensors.pop(f"{name}.weight"), 2, axis=1)
    tensors[f"{name}.weight_ih_l0"], tensors[f"{name}.weight_hh_l0"] = inputs / norm_range, hidden
    bias = tensors.pop(f"{name}.bias")
    tensors[f"{name}.bias_ih_l0"], tensors[f"{name}.bias_hh_l0"] = bias, np.zeros_like(bias)
