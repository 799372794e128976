"""Tensors in, packed model out: the same content gives the same bytes, and what is written can be read."""

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes.codec import Codec, IntegerCodec, Integers
from stapes.errors import FormatError
from stapes.format import directory
from stapes.format.layout import ALIGNMENT_BYTES, PROLOGUE_BYTES, Entry, Prologue, Section, aligned


def write(
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any],
    tensors: Mapping[str, tuple[NDArray[np.float32] | Integers, Codec]],
) -> None:
    """Encode ``tensors``, each with its codec, and put the packed model at ``path`` in one step (rename).

    Args:
        path: its folder exists; a file already there is replaced.
        metadata: free JSON; its keys end up sorted.
        tensors: by name, 1 to 128 of the characters ``A-Z a-z 0-9 _ . / -``; the order does not matter. Integers
            are kept as they are by an integer codec of their bits.

    Raises:
        FormatError: a tensor does not fit its codec, the metadata is no JSON, a limit is exceeded, or the
            file cannot be written.
    """
    path = Path(path)
    try:
        data = pack(metadata, tensors)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise FormatError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def pack(
    metadata: Mapping[str, Any], tensors: Mapping[str, tuple[NDArray[np.float32] | Integers, Codec]]
) -> bytes:
    """The bytes that :func:`write` puts into a file.

    Raises:
        FormatError: as :func:`write` does.
    """
    entries: list[Entry] = []
    data = bytearray()
    for name, (array, codec) in sorted(tensors.items()):
        sections = _encode(name, array, codec)
        entries.append(Entry(name, array.shape, codec, _append(data, sections)))
    header = directory.dump(dict(metadata), entries)
    directory.load(header, len(data))
    start = aligned(PROLOGUE_BYTES + len(header))
    prologue = Prologue(len(header), start + len(data), zlib.crc32(header)).pack()
    Prologue.unpack(prologue)
    return (prologue + header).ljust(start, b"\0") + data


def _encode(name: str, array: NDArray[np.float32] | Integers, codec: Codec) -> dict[str, bytes]:
    try:
        if isinstance(array, Integers):
            return codec.pack(array) if isinstance(codec, IntegerCodec) else codec.encode(array.floats())
        return codec.encode(array)
    except FormatError as error:
        raise FormatError(f"tensor '{name}': {error}") from None


def _append(data: bytearray, sections: Mapping[str, bytes]) -> tuple[Section, ...]:
    """Add ``sections`` to ``data``, each padded with zeros to a multiple of 64 bytes."""
    placed = []
    for name, content in sorted(sections.items()):
        placed.append(Section(name, len(data), len(content), zlib.crc32(content)))
        data += content + bytes(-len(content) % ALIGNMENT_BYTES)
    return tuple(placed)
