"""A packed model in parts that a test may spoil, and how the spoilt file is refused."""

import dataclasses
import json
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stapes.codec import Float16, Float32, Uniform
from stapes.errors import FormatError
from stapes.format import read, write

SMALL_BYTES = 2**20
"""What refusing a file of some kilobytes may allocate at most."""
BOMB_BYTES = 24 * 2**20
"""What refusing a header at the limit of one mebibyte may allocate at most."""


@dataclasses.dataclass
class File:
    """A packed model in parts that a test may spoil; ``pack`` makes every checksum right."""

    magic: bytes
    version: int
    header: dict[str, Any]
    data: bytearray
    raw_header: bytes | None = None
    header_bytes: int | None = None
    file_bytes: int | None = None
    reserved: bytes = bytes(32)
    header_padding: bytes = b""

    @classmethod
    def parse(cls, packed: bytes) -> "File":
        magic, version, header_bytes = struct.unpack_from("<8sII", packed)
        start = -(-(64 + header_bytes) // 64) * 64
        return cls(magic, version, json.loads(packed[64 : 64 + header_bytes]), bytearray(packed[start:]))

    def tensor(self, index: int) -> dict[str, Any]:
        return self.header["tensors"][index]

    def section(self, tensor: int, section: int) -> dict[str, Any]:
        return self.tensor(tensor)["sections"][section]

    def spoil(self, tensor: int, section: int, content: bytes) -> None:
        """Overwrite the beginning of a section and make its checksum right again."""
        place = self.section(tensor, section)
        self.data[place["offset"] : place["offset"] + len(content)] = content
        whole = self.data[place["offset"] : place["offset"] + place["bytes"]]
        place["crc32"] = zlib.crc32(whole)

    def pack(self) -> bytes:
        header = self.raw_header
        if header is None:
            header = json.dumps(self.header, separators=(",", ":")).encode()
        header_bytes = len(header) if self.header_bytes is None else self.header_bytes
        start = -(-(64 + len(header)) // 64) * 64
        file_bytes = start + len(self.data) if self.file_bytes is None else self.file_bytes
        fixed = struct.pack("<8sIIQI", self.magic, self.version, header_bytes, file_bytes, zlib.crc32(header))
        prologue = fixed + struct.pack("<I", zlib.crc32(fixed)) + self.reserved
        return prologue + header + self.header_padding.ljust(start - 64 - len(header), b"\0") + self.data


def refusal(tmp_path: Path, data: bytes, limit_bytes: int = SMALL_BYTES) -> str:
    """The sentence with which ``data`` is refused, without the name of the file."""
    path = tmp_path / "bad.stapes"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError) as caught:
            read(path)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < limit_bytes
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert "\n" not in sentence
    assert len(sentence) < len(str(path)) + 400
    return sentence.removeprefix(f"{path}: ")


def sound_model(path: Path) -> bytes:
    """What ``path`` then holds: a model of three tensors, one of each codec of one section or two."""
    rng = np.random.default_rng(0)
    tensors = {
        "a.half": (rng.standard_normal((3, 5)).astype(np.float32), Float16()),
        "b.float": (rng.standard_normal(3).astype(np.float32), Float32()),
        "c.uniform": (rng.standard_normal((4, 33)).astype(np.float32), Uniform()),
    }
    write(path, {"licence": "Apache-2.0"}, tensors)
    return path.read_bytes()
