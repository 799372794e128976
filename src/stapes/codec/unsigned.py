"""Whole numbers from 0 up, as they are: tables of a language model, not weights of a network."""

import dataclasses
import math
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from stapes.codec import coding, entropy
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
    coded: int = 0
    """1 if ``values`` may be entropy-coded, byte by byte, else 0."""

    def __post_init__(self) -> None:
        if self.bits not in _TYPES:
            raise ConfigError(f"unsigned: 8 or 16 bits are accepted, got {self.bits}")
        if self.coded not in (0, 1):
            raise ConfigError(f"unsigned: coded is {self.coded}; 0 and 1 are accepted")

    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, range]:
        plain = self.bits // 8 * math.prod(shape)
        return {"values": entropy.coded_lengths(plain) if self.coded else exactly(plain)}

    def encode(self, array: NDArray[np.float32]) -> dict[str, bytes]:
        largest = 2**self.bits - 1
        check_weights(self, array, largest)
        refused = (array < 0) | (array != np.rint(array))
        if refused.any():
            value = np.atleast_1d(array)[np.atleast_1d(refused)][0]
            raise FormatError(f"unsigned: whole numbers from 0 to {largest} are accepted, got {value}")
        values = np.frombuffer(array.astype(_TYPES[self.bits]).tobytes(), np.uint8)
        return {"values": coding.section(values, np.array([len(values)]), 8, self.coded)}

    def decode(self, sections: Sections, shape: tuple[int, ...]) -> NDArray[np.float32]:
        check_sections(self, sections, shape)
        lengths = np.array([self.bits // 8 * math.prod(shape)])
        values = coding.codes(sections["values"], lengths, 8, self.coded, "unsigned: section 'values'")
        array: NDArray[np.float32] = values.view(_TYPES[self.bits]).astype(np.float32).reshape(shape)
        array.flags.writeable = False
        return array

    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.zeros(array.shape)
