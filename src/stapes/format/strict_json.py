"""JSON as a packed model stores it: bounded before parsing, without the corners where parsers disagree."""

import json
import math
from typing import Any

import numpy as np

from stapes.errors import FormatError
from stapes.format.layout import MAX_HEADER_DEPTH, MAX_HEADER_VALUES

LARGEST_INTEGER = 2**53 - 1


def dump(value: Any) -> bytes:
    """``value`` as UTF-8 JSON: keys sorted, no white space, nothing escaped that need not be.

    Raises:
        FormatError: ``value`` is no JSON.
    """
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"not storable as JSON: {error}") from None


def load(data: bytes) -> Any:
    """Parse ``data``; memory is bounded by a small multiple of the limits of ``stapes.format.layout``.

    Raises:
        FormatError: ``data`` is not UTF-8 JSON, is beyond a limit, repeats a key, or holds a number that is
            not finite, or an integer beyond ±(2⁵³ - 1).
    """
    _check_extent(data)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
        # A lone surrogate parses but can be neither printed nor written.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not UTF-8 JSON: {error}") from None
    return value


def _check_extent(data: bytes) -> None:
    """Count values and nesting outside strings, without building anything larger than ``data``."""
    unescaped = np.frombuffer(data.replace(b"\\\\", b"").replace(b'\\"', b""), np.uint8)
    inside_string = np.cumsum(unescaped == ord('"'), dtype=np.uint8) & 1
    outside = unescaped[inside_string == 0]
    opening = (outside == ord("[")) | (outside == ord("{"))
    closing = (outside == ord("]")) | (outside == ord("}"))
    values = int(opening.sum()) + int((outside == ord(",")).sum())
    if values > MAX_HEADER_VALUES:
        raise FormatError(f"{values} JSON values; up to {MAX_HEADER_VALUES} are accepted")
    depth = np.cumsum(opening.view(np.int8) - closing.view(np.int8), dtype=np.int32)
    if depth.max(initial=0) > MAX_HEADER_DEPTH:
        raise FormatError(f"JSON nested {depth.max()} deep; up to {MAX_HEADER_DEPTH} is accepted")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise FormatError(f"the key {_quoted(key)} appears twice in one JSON object")
        table[key] = value
    return table


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        raise FormatError(f"the integer {_quoted(text)} is beyond ±(2^53 - 1)")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise FormatError(f"the number {_quoted(text)} is not finite as a 64-bit float")
    return value


def _constant(text: str) -> float:
    raise FormatError(f"the number {text} is not finite")


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
