"""The header of a packed model, ``{"metadata": {...}, "tensors": [...]}``, and where its sections lie."""

import itertools
import math
import re
from collections.abc import Sequence
from typing import Any

from stapes.codec import Codec, by_name, described
from stapes.errors import FormatError
from stapes.format import strict_json
from stapes.format.layout import (
    ALIGNMENT_BYTES,
    MAX_AXES,
    MAX_NAME_CHARACTERS,
    MAX_SECTIONS,
    MAX_TENSORS,
    MAX_WEIGHTS,
    Entry,
    Section,
    aligned,
)

_NAME = re.compile(rf"[A-Za-z0-9_./-]{{1,{MAX_NAME_CHARACTERS}}}", re.ASCII)


def dump(metadata: dict[str, Any], entries: Sequence[Entry]) -> bytes:
    """The header that describes ``entries``; :func:`load` reads it back.

    Raises:
        FormatError: ``metadata`` is not JSON.
    """
    return strict_json.dump({"metadata": metadata, "tensors": [_table(entry) for entry in entries]})


def load(header: bytes, data_bytes: int) -> tuple[dict[str, Any], tuple[Entry, ...]]:
    """Metadata and entries of ``header``, whose sections must fill a data area of ``data_bytes`` exactly.

    Raises:
        FormatError: the header is malformed or beyond a limit, or a section is misplaced or of a wrong size.
    """
    where = "header"
    try:
        root = strict_json.load(header)
    except FormatError as error:
        raise FormatError(f"{where}: {error}") from None
    _check_keys(root, ("metadata", "tensors"), where)
    metadata = _typed(root["metadata"], dict, f"{where}: 'metadata'")
    tables = _typed(root["tensors"], list, f"{where}: 'tensors'")
    if len(tables) > MAX_TENSORS:
        raise FormatError(f"{where}: {len(tables)} tensors; up to {MAX_TENSORS} are accepted")
    entries = tuple(_entry(table, f"tensor {index}") for index, table in enumerate(tables))
    _check_order([entry.name for entry in entries], "tensor")
    _check_weights(entries)
    _check_places(entries, data_bytes)
    return metadata, entries


def _table(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "shape": list(entry.shape),
        "codec": {"name": entry.codec.name, **entry.codec.parameters()},
        "sections": [
            {"name": part.name, "offset": part.offset, "bytes": part.size_bytes, "crc32": part.crc32}
            for part in entry.sections
        ],
    }


def _entry(table: Any, where: str) -> Entry:
    _check_keys(table, ("codec", "name", "sections", "shape"), where)
    name = _name(table["name"], where)
    where = f"tensor '{name}'"
    shape = _shape(table["shape"], where)
    codec = _codec(table["codec"], where)
    parts = _typed(table["sections"], list, f"{where}: 'sections'")
    if len(parts) > MAX_SECTIONS:
        raise FormatError(f"{where}: {len(parts)} sections; up to {MAX_SECTIONS} are accepted")
    sections = tuple(_section(part, f"{where}: section {index}") for index, part in enumerate(parts))
    _check_order([section.name for section in sections], f"{where}: section")
    _check_sizes(codec, shape, sections, where)
    return Entry(name, shape, codec, sections)


def _section(table: Any, where: str) -> Section:
    _check_keys(table, ("bytes", "crc32", "name", "offset"), where)
    name = _name(table["name"], where)
    offset, size_bytes, crc32 = (
        _count(table[key], f"{where}: '{key}'") for key in ("offset", "bytes", "crc32")
    )
    return Section(name, offset, size_bytes, crc32)


def _codec(table: Any, where: str) -> Codec:
    parameters = dict(_typed(table, dict, f"{where}: 'codec'"))
    name = _name(parameters.pop("name", None), f"{where}: codec")
    for key, value in parameters.items():
        _name(key, f"{where}: codec parameter")
        _count(value, f"{where}: codec parameter '{key}'")
    try:
        return by_name(name, parameters)
    except FormatError as error:
        raise FormatError(f"{where}: {error}") from None


def _shape(value: Any, where: str) -> tuple[int, ...]:
    axes = _typed(value, list, f"{where}: 'shape'")
    if len(axes) > MAX_AXES:
        raise FormatError(f"{where}: {len(axes)} axes; up to {MAX_AXES} are accepted")
    shape = tuple(_count(axis, f"{where}: 'shape'") for axis in axes)
    if not 1 <= math.prod(shape) <= MAX_WEIGHTS:
        raise FormatError(f"{where}: shape {list(shape)} is refused; 1 to {MAX_WEIGHTS} weights are accepted")
    return shape


def _check_sizes(codec: Codec, shape: tuple[int, ...], sections: tuple[Section, ...], where: str) -> None:
    try:
        expected = codec.section_bytes(shape)
    except FormatError as error:
        raise FormatError(f"{where}: {error}") from None
    if [section.name for section in sections] != sorted(expected):
        given = ", ".join(section.name for section in sections) or "none"
        raise FormatError(
            f"{where}: codec '{codec.name}' takes the sections {', '.join(sorted(expected))}, got {given}"
        )
    for section in sections:
        if section.size_bytes not in expected[section.name]:
            raise FormatError(
                f"{where}: section '{section.name}' has {section.size_bytes} bytes;"
                f" codec '{codec.name}' takes {described(expected[section.name])} for shape {list(shape)}"
            )


def _check_weights(entries: Sequence[Entry]) -> None:
    weights = sum(entry.weights for entry in entries)
    if weights > MAX_WEIGHTS:
        raise FormatError(f"header: {weights} weights in all tensors; up to {MAX_WEIGHTS} are accepted")


def _check_places(entries: Sequence[Entry], data_bytes: int) -> None:
    """Every section begins where the one before ends, rounded up to 64 bytes; the last ends the file."""
    expected = 0
    for entry, section in ((owner, part) for owner in entries for part in owner.sections):
        where = f"tensor '{entry.name}': section '{section.name}'"
        begin, end = section.offset, section.offset + section.size_bytes
        if end > data_bytes:
            raise FormatError(f"{where} ends at byte {end} of a data area of {data_bytes} bytes")
        if begin % ALIGNMENT_BYTES:
            raise FormatError(f"{where} begins at byte {begin}; a multiple of {ALIGNMENT_BYTES} is accepted")
        if begin < expected:
            raise FormatError(
                f"{where} begins at byte {begin} and overlaps the one before, which ends at {expected}"
            )
        if begin > expected:
            raise FormatError(
                f"{where} begins at byte {begin} and leaves a hole; it is expected at {expected}"
            )
        expected = aligned(end)
    if expected != data_bytes:
        raise FormatError(f"the sections end at byte {expected} of a data area of {data_bytes} bytes")


def _check_order(names: Sequence[str], where: str) -> None:
    for before, after in itertools.pairwise(names):
        if before == after:
            raise FormatError(f"{where} '{after}' appears twice")
        if before > after:
            raise FormatError(
                f"{where} '{after}' comes after '{before}'; names in ascending order are accepted"
            )


def _check_keys(table: Any, accepted: tuple[str, ...], where: str) -> None:
    given = sorted(_typed(table, dict, where))
    if given != list(accepted):
        shown = ", ".join(repr(key[:40]) for key in given[:8]) or "none"
        raise FormatError(f"{where}: the keys {', '.join(accepted)} are accepted, got {shown}")


def _name(value: Any, where: str) -> str:
    name: str = _typed(value, str, f"{where}: 'name'")
    if not _NAME.fullmatch(name):
        raise FormatError(
            f"{where}: name {name[:40]!r} has {len(name)} characters; 1 to {MAX_NAME_CHARACTERS} of"
            " A-Z a-z 0-9 _ . / - are accepted"
        )
    return name


def _count(value: Any, where: str) -> int:
    count: int = _typed(value, int, where)
    if count < 0:
        raise FormatError(f"{where}: a number from 0 up is accepted, got {count}")
    return count


def _typed(value: Any, kind: type, where: str) -> Any:
    # `type(...) is` and not isinstance: true and false are integers in Python.
    if type(value) is not kind:
        wanted = {dict: "an object", list: "a list", str: "a string", int: "an integer"}[kind]
        raise FormatError(f"{where}: {wanted} is expected, got {type(value).__name__}")
    return value
