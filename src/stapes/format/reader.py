"""Packed model in, tensors out: all is checked here, once, and nothing behind this door checks again."""

import dataclasses
import hashlib
import os
import threading
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
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
    model = read_lazily(path)
    for entry in model.entries:
        model.stored(entry.name)
    return model


def read_lazily(path: str | os.PathLike[str]) -> PackedModel:
    """As `read`, but a tensor is decoded, and refused if its codec forbids what it holds, when it is first asked for.

    Raises:
        FormatError: as `read`, and later, when such a tensor is asked for.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise FormatError("no such file; a packed model (.stapes) is expected")
        with path.open("rb") as file:
            return _read(file, path)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from None
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None


def _read(file: BinaryIO, path: Path) -> PackedModel:
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
    stored = _Stored(path, {entry.name: _Undecoded(entry, memoryview(data)) for entry in entries})
    integers = frozenset(entry.name for entry in entries if isinstance(entry.codec, IntegerCodec))
    return PackedModel(
        metadata,
        _Floats(stored),
        _Integers(stored, integers),
        entries,
        sha256.hexdigest(),
        VERSION,
        prologue.file_bytes,
    )


@final
class _Undecoded:
    """The sections of one tensor, undamaged."""

    def __init__(self, entry: Entry, data: memoryview) -> None:
        self._entry = entry
        self._sections = {section.name: _section(entry, section, data) for section in entry.sections}

    def decode(self) -> NDArray[np.float32] | Integers:
        codec, shape = self._entry.codec, self._entry.shape
        if isinstance(codec, IntegerCodec):
            return codec.integers(self._sections, shape)
        return codec.decode(self._sections, shape)


@final
class _Stored:
    """Tensors as their codecs give them back, each decoded when it is first asked for."""

    def __init__(self, path: Path, undecoded: dict[str, _Undecoded]) -> None:
        self._path = path
        self._undecoded = undecoded
        self._decoded: dict[str, NDArray[np.float32] | Integers] = {}
        self._lock = threading.Lock()
        self.names = tuple(undecoded)

    def __getitem__(self, name: str) -> NDArray[np.float32] | Integers:
        with self._lock:
            if name not in self._decoded:
                self._decoded[name] = self._decode(name)
                del self._undecoded[name]
            return self._decoded[name]

    def _decode(self, name: str) -> NDArray[np.float32] | Integers:
        try:
            return self._undecoded[name].decode()
        except FormatError as error:
            raise FormatError(f"{self._path}: tensor '{name}': {error}") from None


@final
class _Integers(Mapping[str, Integers]):
    """Those tensors that are stored as integers."""

    def __init__(self, stored: _Stored, names: frozenset[str]) -> None:
        self._stored = stored
        self._names = names

    def __getitem__(self, name: str) -> Integers:
        if name not in self._names:
            raise KeyError(name)
        tensor = self._stored[name]
        if not isinstance(tensor, Integers):
            raise KeyError(name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._stored.names if name in self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


@final
class _Floats(Mapping[str, NDArray[np.float32]]):
    """Tensors as floats, four bytes a weight only as long as they are used."""

    def __init__(self, stored: _Stored) -> None:
        self._stored = stored

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        tensor = self._stored[name]
        if isinstance(tensor, Integers):
            tensor = tensor.floats()
            tensor.flags.writeable = False
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored.names)

    def __len__(self) -> int:
        return len(self._stored.names)

    def __contains__(self, name: object) -> bool:
        return name in self._stored.names


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
