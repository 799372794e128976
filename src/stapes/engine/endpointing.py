"""The end-pointer in a packed model, as ``spec/endpoints.md`` describes it, checked once.

Letters: B buckets, J joint, P projected dimensions, S scalars, D = S + P inputs, K hidden units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes.engine.optional import read_optional
from stapes.errors import ConfigError, FormatError

KIND = "endpointer"
SCALARS = 13
PREFIX = "endpoint."
_WHERE = "packed model: end-pointer"

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Point:
    """An operating point.

    Args:
        speculative: least probability for a speculation, in (0, 1).
        final: least probability for an end, in (0, 1) and at least ``speculative``.
        least_pause_ms: of a pause before a speculation, from 0; an end takes twice as long.
        longest_pause_ms: before the utterance ends in any case, above twice ``least_pause_ms``.
        no_speech_ms: without any word before the utterance ends empty, above ``longest_pause_ms``.
        longest_ms: before the utterance ends in mid-speech, above ``longest_pause_ms``.
        measured: rates and delays when it was fitted; for people.
    """

    speculative: float
    final: float
    least_pause_ms: int = 120
    longest_pause_ms: int = 2_000
    no_speech_ms: int = 8_000
    longest_ms: int = 30_000
    measured: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.speculative <= self.final < 1:
            raise ConfigError(
                f"speculative, final: 0 < speculative <= final < 1 is expected, got {self.speculative} and "
                f"{self.final}"
            )
        bounds = (0, 2 * self.least_pause_ms, self.longest_pause_ms, min(self.no_speech_ms, self.longest_ms))
        if sorted(bounds) != list(bounds):
            raise ConfigError(
                "bounds: 0 <= 2 least_pause_ms <= longest_pause_ms <= no_speech_ms and longest_ms are expected, "
                f"got {self.least_pause_ms}, {self.longest_pause_ms}, {self.no_speech_ms} and {self.longest_ms}"
            )


@dataclass(frozen=True)
class EndpointSettings:
    """The metadata ``endpoint``.

    Args:
        kind: always ``endpointer``.
        completeness_bias: of the log-odds that a text is finished.
        output_bias: of the log-odds that the user has finished.
        points: operating points by name, at least one.
    """

    kind: str
    completeness_bias: float
    output_bias: float
    points: dict[str, Point]

    def __post_init__(self) -> None:
        if self.kind != KIND:
            raise ConfigError(f"kind: '{KIND}' is expected, got '{self.kind}'")
        if not self.points:
            raise ConfigError("points: at least one operating point is expected, got none")


@dataclass(frozen=True, eq=False)
class Endpointing:
    """What is learned of the ends of utterances; the meaning is that of ``stapes.decode.EndpointTables``.

    Attributes:
        completeness: [B].
        completeness_bias: its bias.
        projection: [P, J].
        mean: [D].
        scale: [D].
        input_weight: [3 K, D].
        input_bias: [3 K].
        recurrent_weight: [3 K, K].
        recurrent_bias: [3 K].
        output_weight: [K].
        output_bias: of the log-odds.
        points: operating points by name.
    """

    completeness: Array
    completeness_bias: float
    projection: Array
    mean: Array
    scale: Array
    input_weight: Array
    input_bias: Array
    recurrent_weight: Array
    recurrent_bias: Array
    output_weight: Array
    output_bias: float
    points: Mapping[str, Point]


def read_endpointing(
    metadata: Mapping[str, Any], tensors: Mapping[str, Array], joint: int
) -> Endpointing | None:
    """The end-pointer of a packed model whose joint is ``joint`` wide; None where it has none.

    Raises:
        FormatError: its settings or tensors are wrong.
    """
    settings = read_optional(metadata, "endpoint", EndpointSettings)
    if settings is None:
        return None
    projection = _take(tensors, "projection", (None, joint))
    inputs = SCALARS + len(projection)
    output_weight = _take(tensors, "output_weight", (None,))
    units = len(output_weight)
    return Endpointing(
        completeness=_take(tensors, "completeness", (None, None)).reshape(-1),
        completeness_bias=settings.completeness_bias,
        projection=projection,
        mean=_take(tensors, "mean", (inputs,)),
        scale=_take(tensors, "scale", (inputs,)),
        input_weight=_take(tensors, "input_weight", (3 * units, inputs)),
        input_bias=_take(tensors, "input_bias", (3 * units,)),
        recurrent_weight=_take(tensors, "recurrent_weight", (3 * units, units)),
        recurrent_bias=_take(tensors, "recurrent_bias", (3 * units,)),
        output_weight=output_weight,
        output_bias=settings.output_bias,
        points=settings.points,
    )


def _take(tensors: Mapping[str, Array], name: str, shape: tuple[int | None, ...]) -> Array:
    tensor = tensors.get(PREFIX + name)
    if tensor is None:
        raise FormatError(f"{_WHERE}: tensor '{PREFIX}{name}' is missing")
    fits = len(tensor.shape) == len(shape) and all(
        size in (None, given) for size, given in zip(shape, tensor.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise FormatError(
            f"{_WHERE}: tensor '{PREFIX}{name}': shape [{wanted}] is expected, got {list(tensor.shape)}"
        )
    return tensor
