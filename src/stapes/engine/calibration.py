"""The map from word posteriors to confidence in a packed model, as ``spec/network.md`` describes it, checked once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes.engine.optional import read_optional
from stapes.errors import ConfigError

KIND = "piecewise linear"
CALIBRATION = "calibration"
"""Its key in the metadata."""
_MOST = 64


@dataclass(frozen=True)
class Calibration:
    """A piecewise linear map.

    Args:
        kind: always ``piecewise linear``.
        posteriors: where the pieces meet, 2 to 64 numbers rising from 0 to 1.
        confidences: the values there, never falling, in [0, 1].
        measured: how well it fitted; for people.
    """

    kind: str
    posteriors: tuple[float, ...]
    confidences: tuple[float, ...]
    measured: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind != KIND:
            raise ConfigError(f"kind: '{KIND}' is expected, got '{self.kind}'")
        points, values = self.posteriors, self.confidences
        if not 2 <= len(points) <= _MOST or len(points) != len(values):
            raise ConfigError(
                f"posteriors, confidences: 2 to {_MOST} of each are expected, got {len(points)} and {len(values)}"
            )
        if points[0] != 0 or points[-1] != 1 or not (np.diff(points) > 0).all():
            raise ConfigError(f"posteriors: rising numbers from 0 to 1 are expected, got {list(points)}")
        if not (values[0] >= 0 and values[-1] <= 1 and (np.diff(values) >= 0).all()):
            raise ConfigError(
                f"confidences: numbers from 0 to 1 that never fall are expected, got {list(values)}"
            )

    def __call__(self, posteriors: NDArray[np.float64]) -> NDArray[np.float64]:
        """The confidence, in [0, 1], of each of ``posteriors``."""
        return np.interp(posteriors, self.posteriors, self.confidences)


def read_calibration(metadata: Mapping[str, Any]) -> Calibration | None:
    """The map of a packed model; None where it has none.

    Raises:
        FormatError: it is wrong.
    """
    return read_optional(metadata, CALIBRATION, Calibration)
