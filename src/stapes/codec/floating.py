"""Weights stored as IEEE 754 numbers: exact in 32 bits, rounded in 16."""

import dataclasses
import math
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from stapes.codec.contract import Codec, Sections, check_sections, check_weights, exactly
from stapes.errors import FormatError

FLOAT32_MAX = float(np.finfo(np.float32).max)
FLOAT16_MAX = float(np.finfo(np.float16).max)


@final
@dataclasses.dataclass(frozen=True)
class Float32(Codec):
    """Each weight as IEEE 754 binary32, little-endian, in C order: section ``values``; no error."""

    name: ClassVar[str] = "float32"

    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, range]:
        return {"values": exactly(4 * math.prod(shape))}

    def encode(self, array: NDArray[np.float32]) -> dict[str, bytes]:
        check_weights(self, array, FLOAT32_MAX)
        return {"values": array.astype("<f4").tobytes()}

    def decode(self, sections: Sections, shape: tuple[int, ...]) -> NDArray[np.float32]:
        check_sections(self, sections, shape)
        return _decode(self, np.frombuffer(sections["values"], "<f4"), shape)

    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.zeros(array.shape)


@final
@dataclasses.dataclass(frozen=True)
class Float16(Codec):
    """Each weight as IEEE 754 binary16, rounded half to even, little-endian, in C order: section ``values``.

    Weights up to ±65504 are accepted. The error is at most 2⁻¹¹ of the weight, or 2⁻²⁵ where that is more.
    """

    name: ClassVar[str] = "float16"

    def section_bytes(self, shape: tuple[int, ...]) -> dict[str, range]:
        return {"values": exactly(2 * math.prod(shape))}

    def encode(self, array: NDArray[np.float32]) -> dict[str, bytes]:
        check_weights(self, array, FLOAT16_MAX)
        return {"values": array.astype("<f2").tobytes()}

    def decode(self, sections: Sections, shape: tuple[int, ...]) -> NDArray[np.float32]:
        check_sections(self, sections, shape)
        return _decode(self, np.frombuffer(sections["values"], "<f2"), shape)

    def error_bound(self, array: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.maximum(np.abs(array.astype(np.float64)) * 2.0**-11, 2.0**-25)


def _decode(codec: Codec, values: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.float32]:
    finite = np.isfinite(values)
    if not finite.all():
        raise FormatError(
            f"{codec.name}: value {int(np.argmin(finite))} of section 'values' is not finite;"
            " finite weights are accepted"
        )
    array = values.astype(np.float32).reshape(shape)
    array.flags.writeable = False
    return array
