"""The CTC head of a packed model: its rows follow those of the encoder projection, so that one product gives both.

Letters: J joint, V vocabulary, H hidden.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]

_PARTS = ("weight", "bias")


def join_head(weights: Weights, used: bool) -> dict[str, NDArray[np.float32]]:
    """The weights of training as in ``spec/network.md``: J + V rows in the encoder projection, or J if not ``used``."""
    joined = {name: weight for name, weight in weights.items() if not name.startswith("ctc.")}
    if used:
        for part in _PARTS:
            rows = weights[f"encoder_projection.{part}"], weights[f"ctc.{part}"]
            joined[f"encoder_projection.{part}"] = np.concatenate(rows)
    return joined


def split_head(weights: Weights) -> dict[str, NDArray[np.float32]]:
    """The same weights by the names of training; without a head where there is none."""
    joint = len(weights["predictor_projection.bias"])
    parts = dict(weights)
    for part in _PARTS:
        rows = weights[f"encoder_projection.{part}"]
        if len(rows) > joint:
            parts[f"encoder_projection.{part}"], parts[f"ctc.{part}"] = rows[:joint], rows[joint:]
    return parts
