"""Packed model in, tensors out: all is checked here, once, and nothing behind this door checks again."""

import dataclasses
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, final

import numpy as np
from numpy.typing import NDArray

from stapes.codec import IntegerCodec, Integers
from stapes.errors import FormatError
from stapes.format import directory
from stapes.format.layout import PROLOGUE_BYTES, VERSION, Entry, Prologue, Section, aligned


@dataclasses.dataclass(frozen=True)
class PackedModel:
    """A packed model that has passed every check."""

    metadata: Mapping[str, Any]
    """Free JSON: network and feature settings, vocabulary, training recipe, licence."""
    tensors: Mapping[str, NDArray[np.float32]]
    """Decoded tensors by name; read-only. Those in ``integers`` are made of them at each access."""
    integers: Mapping[str, Integers]
    """The tensors that are stored as integers with a scale per row, by name."""
    entries: tuple[Entry, ...]
    """How each tensor is stored, sorted by name."""
    sha256: str
    """SHA-256 of the whole file in hexadecimal, as ``sha256sum`` prints it."""
    version: int
    """Version of the format."""
    size_bytes: int
    """Size of the file."""

    def stored(self, name: str) -> NDArray[np.float32] | Integers:
        """The tensor ``name`` in the form that its codec gives back without loss: what a copy is written from."""
        return self.integers[name] if name in self.integers else self.tensors[name]


def read(path: str | os.PathLike[str]) -> PackedModel:
    """Read, check and decode the packed model at ``path``.

    Memory: a few megabytes at most until every size has been checked against the real length of the file;
    then the file once and the tensors once, a byte for each weight that is stored as an integer.

    Raises:
        FormatError: the file is missing, unreadable, no packed model, damaged, hostile or of another
            version; the sentence names the file and, where there is one, the tensor and the section.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise FormatError("no such file; a packed model (.stapes) is expected")
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from None
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None


def _read(file: BinaryIO) -> PackedModel:
    fixed = file.read(PROLOGUE_BYTES)
    prologue = Prologue.unpack(fixed)
    _check_length(prologue, os.fstat(file.fileno()).st_size)
    head = file.read(prologue.data_start - PROLOGUE_BYTES)
    header = head[: prologue.header_bytes]
    if zlib.crc32(header) != prologue.header_crc32:
        raise FormatError("the header is damaged: its checksum does not match")
    metadata, entries = directory.load(header, prologue.file_bytes - prologue.data_start)
    data = file.read(prologue.file_bytes - prologue.data_start)
    _check_padding(head, prologue.header_bytes, "header")
    sha256 = hashlib.sha256(fixed)
    sha256.update(head)
    sha256.update(data)
    stored = {entry.name: _tensor(entry, memoryview(data)) for entry in entries}
    integers = {name: tensor for name, tensor in stored.items() if isinstance(tensor, Integers)}
    return PackedModel(
        metadata,
        _Floats(stored),
        MappingProxyType(integers),
        entries,
        sha256.hexdigest(),
        VERSION,
        prologue.file_bytes,
    )


def _tensor(entry: Entry, data: memoryview) -> NDArray[np.float32] | Integers:
    sections = {section.name: _section(entry, section, data) for section in entry.sections}
    try:
        if isinstance(entry.codec, IntegerCodec):
            return entry.codec.integers(sections, entry.shape)
        return entry.codec.decode(sections, entry.shape)
    except FormatError as error:
        raise FormatError(f"tensor '{entry.name}': {error}") from None


@final
class _Floats(Mapping[str, NDArray[np.float32]]):
    """Tensors as floats, four bytes a weight only as long as they are used."""

    def __init__(self, stored: Mapping[str, NDArray[np.float32] | Integers]) -> None:
        self._stored = stored

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        tensor = self._stored[name]
        if isinstance(tensor, Integers):
            tensor = tensor.floats()
            tensor.flags.writeable = False
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


def _section(entry: Entry, section: Section, data: memoryview) -> memoryview:
    end = section.offset + section.size_bytes
    where = f"tensor '{entry.name}': section '{section.name}'"
    content = data[section.offset : end]
    if zlib.crc32(content) != section.crc32:
        raise FormatError(f"{where} is damaged: its checksum does not match")
    _check_padding(data[: aligned(end)], end, where)
    return content


def _check_padding(data: bytes | memoryview, end: int, where: str) -> None:
    if any(data[end:]):
        raise FormatError(f"{where} is followed by padding that is not zero")


def _check_length(prologue: Prologue, size_bytes: int) -> None:
    if size_bytes < prologue.file_bytes:
        raise FormatError(
            f"cut off: {size_bytes} of {prologue.file_bytes} bytes are there; copy the file again"
        )
    if size_bytes > prologue.file_bytes:
        raise FormatError(
            f"{size_bytes} bytes are there, {prologue.file_bytes} are expected: the rest is foreign"
        )
