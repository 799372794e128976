"""The fixed bytes of a packed model, version 1, and the limits that every reader and writer holds to.

``spec/format.md`` is the description; the names below are the names used there.
"""

import dataclasses
import math
import struct
import zlib
from typing import Self

from stapes.codec import Codec
from stapes.errors import FormatError

MAGIC = b"\x89STAPES\n"
VERSION = 1
ALIGNMENT_BYTES = 64

MAX_FILE_BYTES = 2**30
MAX_HEADER_BYTES = 2**20
MAX_HEADER_VALUES = 2**16
MAX_HEADER_DEPTH = 32
MAX_TENSORS = 4096
MAX_SECTIONS = 8
MAX_AXES = 8
MAX_WEIGHTS = 2**28
MAX_NAME_CHARACTERS = 128

_FIXED = struct.Struct("<8sIIQI")
_CRC32 = struct.Struct("<I")
PROLOGUE_BYTES = 64


def aligned(size_bytes: int) -> int:
    """``size_bytes`` rounded up to the next multiple of 64."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


@dataclasses.dataclass(frozen=True)
class Prologue:
    """The first 64 bytes: magic, version, header_bytes, file_bytes, header_crc32, prologue_crc32, zeros."""

    header_bytes: int
    file_bytes: int
    header_crc32: int

    @property
    def data_start(self) -> int:
        """Where the data area begins, in bytes from the start of the file."""
        return aligned(PROLOGUE_BYTES + self.header_bytes)

    def pack(self) -> bytes:
        fixed = _FIXED.pack(MAGIC, VERSION, self.header_bytes, self.file_bytes, self.header_crc32)
        return (fixed + _CRC32.pack(zlib.crc32(fixed))).ljust(PROLOGUE_BYTES, b"\0")

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read and check the prologue in ``data``, which may be shorter than 64 bytes.

        Raises:
            FormatError: it is cut, no packed model, of another version, damaged or beyond a limit.
        """
        if data[: len(MAGIC)] != MAGIC:
            raise FormatError(
                "not a packed model: the first 8 bytes are not the magic number of a .stapes file"
            )
        if len(data) < PROLOGUE_BYTES:
            raise FormatError(
                f"cut off: {len(data)} bytes are there, a packed model has at least {PROLOGUE_BYTES}"
            )
        _, version, header_bytes, file_bytes, header_crc32 = _FIXED.unpack_from(data)
        if version != VERSION:
            raise FormatError(f"format version {version} is not supported; version {VERSION} is accepted")
        (crc32,) = _CRC32.unpack_from(data, _FIXED.size)
        if crc32 != zlib.crc32(data[: _FIXED.size]) or any(data[_FIXED.size + _CRC32.size : PROLOGUE_BYTES]):
            raise FormatError("the first 64 bytes are damaged: their checksum does not match")
        prologue = cls(header_bytes, file_bytes, header_crc32)
        prologue._check_limits()
        return prologue

    def _check_limits(self) -> None:
        if self.header_bytes > MAX_HEADER_BYTES:
            raise FormatError(
                f"the header takes {self.header_bytes} bytes; up to {MAX_HEADER_BYTES} are accepted"
            )
        if not self.data_start <= self.file_bytes <= MAX_FILE_BYTES:
            raise FormatError(
                f"the file says it has {self.file_bytes} bytes;"
                f" {self.data_start} (its header) to {MAX_FILE_BYTES} are accepted"
            )


@dataclasses.dataclass(frozen=True)
class Section:
    """A run of bytes in the data area."""

    name: str
    offset: int
    """Bytes from the start of the data area; a multiple of 64."""
    size_bytes: int
    crc32: int


@dataclasses.dataclass(frozen=True)
class Entry:
    """What the header says of one tensor."""

    name: str
    shape: tuple[int, ...]
    codec: Codec
    sections: tuple[Section, ...]
    """Sorted by name, one after the other in the file."""

    @property
    def weights(self) -> int:
        """How many weights the tensor has."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Stored bytes, alignment not included."""
        return sum(section.size_bytes for section in self.sections)

    @property
    def bits_per_weight(self) -> float:
        """Stored bits per weight, side information included and alignment not."""
        return 8 * self.size_bytes / self.weights
