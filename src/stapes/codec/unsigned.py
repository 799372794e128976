"""Whole numbers from 0 up, as they are: tables of a language model, not weights of a network."""

import dataclasses
import math
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from stapes.codec.contract import Codec, Sections, check_sections, check_weights, exactly
from stapes.errors import ConfigError, FormatError

_TYPES = {8: "u1", 16: "<u2"}


@final
@dataclasses.dataclass(frozen=True)
class Unsigned(Codec):
    """Whole numbers from 0 to 2ᵇ-1 in C order, little-endian: section ``values``; no error."""

    name: ClassVar[str] = "unsigned"

    bits: int = 8
    """Bits per number; 8 and 16 are accepted."""

    def __post_init__(self) -> None:
        if self.bits not in _TYPES:
            raise ConfigError(f"unsigned: 8 or 16 bits are accepted, got {self.bits}")

    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, range]:
        return {"values": exactly(self.bits // 8 * math.prod(shape))}

    def encode(self, array: NDArray[np.float32]) -> dict[str, bytes]:
        largest = 2**self.bits - 1
        check_weights(self, array, largest)
        refused = (array < 0) | (array != np.rint(array))
        if refused.any():
            value = np.atleast_1d(array)[np.atleast_1d(refused)][0]
            raise FormatError(f"unsigned: whole numbers from 0 to {largest} are accepted, got {value}")
        return {"values": array.astype(_TYPES[self.bits]).tobytes()}

    def decode(self, sections: Sections, shape: tuple[int, ...]) -> NDArray[np.float32]:
        check_sections(self, sections, shape)
        array: NDArray[np.float32] = (
            np.frombuffer(sections["values"], _TYPES[self.bits]).astype(np.float32).reshape(shape)
        )
        array.flags.writeable = False
        return array

    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.zeros(array.shape)
