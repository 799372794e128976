"""What every codec is: a frozen value that turns one tensor into named byte sections and back.

Shape letters: R rows (first axis), C columns (all other axes flattened).
"""

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from stapes.errors import FormatError

Sections = Mapping[str, bytes | memoryview]


@dataclasses.dataclass(frozen=True)
class Codec(ABC):
    """The parameters of one codec; its fields are what the packed model stores beside each tensor.

    Every method that is given data raises ``FormatError`` with a sentence that begins with the codec's name.
    """

    name: ClassVar[str]

    @abstractmethod
    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, range]:
        """The sections that a tensor of ``shape`` takes, each with the lengths in bytes that it may have.

        Raises:
            FormatError: this codec cannot hold a tensor of ``shape``.
        """

    @abstractmethod
    def encode(self, array: NDArray[np.float32]) -> dict[str, bytes]:
        """The sections of ``array``: float32, finite, in the range that the codec states.

        Raises:
            FormatError: ``array`` is not float32, is not finite, or does not fit the codec.
        """

    @abstractmethod
    def decode(self, sections: Sections, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The tensor of ``shape`` that ``sections`` hold; read-only, in memory of its own.

        Raises:
            FormatError: a section is missing, unknown or of the wrong length, or holds a forbidden value.
        """

    @abstractmethod
    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        """Largest ``abs(decode(encode(array)) - array)``, per weight or broadcastable to ``array``."""

    def bits_per_weight(self, shape: tuple[int, ...]) -> float:
        """Stored bits per weight of a tensor of ``shape`` at most, side information such as scales included."""
        return 8 * sum(lengths[-1] for lengths in self.section_bytes(shape).values()) / math.prod(shape)

    def parameters(self) -> dict[str, Any]:
        """The fields of this codec, as JSON types."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        return " ".join([self.name, *(f"{key}={value}" for key, value in self.parameters().items())])


def check_weights(codec: Codec, array: NDArray[np.float32], limit: float) -> None:
    """Refuse an ``array`` that is not float32 or has a weight that is not finite or beyond ±``limit``."""
    if array.dtype != np.float32:
        raise FormatError(f"{codec.name}: float32 weights are accepted, got {array.dtype}")
    _check_shape(codec, array.shape)
    refused = ~(np.abs(array) <= np.float32(limit))
    if refused.any():
        place = [int(axis[0]) for axis in np.nonzero(np.atleast_1d(refused))]
        value = np.atleast_1d(array)[tuple(place)]
        raise FormatError(
            f"{codec.name}: weight {place} is {value}; finite values up to ±{limit:g} are accepted"
        )


def check_sections(codec: Codec, sections: Sections, shape: tuple[int, ...]) -> None:
    """Refuse ``sections`` whose names or lengths are not those of a tensor of ``shape``."""
    _check_shape(codec, shape)
    expected = codec.section_bytes(shape)
    if sorted(sections) != sorted(expected):
        raise FormatError(
            f"{codec.name}: sections {', '.join(sorted(expected))} are expected,"
            f" got {', '.join(sorted(sections))}"
        )
    for name, lengths in expected.items():
        if len(sections[name]) not in lengths:
            raise FormatError(
                f"{codec.name}: section '{name}' of shape {list(shape)} takes {described(lengths)} bytes,"
                f" got {len(sections[name])}"
            )


def exactly(size_bytes: int) -> range:
    """The lengths of a section that always has ``size_bytes``."""
    return range(size_bytes, size_bytes + 1)


def described(lengths: range) -> str:
    """``lengths`` in words: a number, or the least and the greatest."""
    return str(lengths[0]) if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"


def _check_shape(codec: Codec, shape: tuple[int, ...]) -> None:
    if math.prod(shape) == 0:
        raise FormatError(f"{codec.name}: at least one weight is accepted, got shape {list(shape)}")
