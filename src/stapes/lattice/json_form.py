"""Lattice ↔ JSON, for people and other programs; ``spec/lattice.md``, section 2."""

import json
from typing import Any

from stapes.errors import ConfigError, FormatError
from stapes.lattice.graph import MAX_SCORE, Arc, Lattice

FORMAT = "stapes-lattice"
VERSION = 1
MAX_JSON_CHARACTERS = 2**24

_KEYS = ("format", "version", "frame_ms", "frames", "arcs")
_ARC_FIELDS: dict[str, tuple[type, ...]] = {
    "source": (int,),
    "target": (int,),
    "word": (str,),
    "start_frame": (int,),
    "end_frame": (int,),
    "acoustic": (int, float),
    "context": (int, float),
}


def to_json(lattice: Lattice) -> str:
    """One line of JSON with all of ``lattice``, the scores exactly."""
    arcs = [{name: getattr(arc, name) for name in _ARC_FIELDS} for arc in lattice.arcs]
    header = {"format": FORMAT, "version": VERSION, "frame_ms": lattice.frame_ms, "frames": lattice.frames}
    return json.dumps({**header, "arcs": arcs}, ensure_ascii=False)


def from_json(text: str) -> Lattice:
    """The lattice that ``to_json`` wrote.

    Raises:
        FormatError: ``text`` is not such JSON, or the graph in it is no lattice.
    """
    if len(text) > MAX_JSON_CHARACTERS:
        raise FormatError(
            f"lattice: {len(text)} characters of JSON, accepted are at most {MAX_JSON_CHARACTERS}"
        )
    try:
        return _lattice(json.loads(text))
    except ConfigError as error:
        raise FormatError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"lattice: not JSON: {error}") from None


def _lattice(table: Any) -> Lattice:
    if not isinstance(table, dict) or sorted(table) != sorted(_KEYS):
        raise FormatError(f"lattice: an object with the keys {', '.join(_KEYS)} is expected")
    if (table["format"], table["version"]) != (FORMAT, VERSION):
        raise FormatError(
            f"lattice: format {table['format']!r}, version {table['version']!r}, accepted is {FORMAT!r}, {VERSION}"
        )
    frames = _list(table["frames"], "frames")
    arcs = _list(table["arcs"], "arcs")
    return Lattice(
        tuple(_value(frame, (int,), f"frames[{index}]") for index, frame in enumerate(frames)),
        tuple(_arc(entry, f"arcs[{index}]") for index, entry in enumerate(arcs)),
        _value(table["frame_ms"], (int,), "frame_ms"),
    )


def _arc(entry: Any, where: str) -> Arc:
    if not isinstance(entry, dict) or sorted(entry) != sorted(_ARC_FIELDS):
        raise FormatError(f"lattice: {where}: an object with the keys {', '.join(_ARC_FIELDS)} is expected")
    return Arc(**{name: _value(entry[name], kinds, f"{where}.{name}") for name, kinds in _ARC_FIELDS.items()})


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError(f"lattice: {where}: a list is expected")
    return value


def _value(value: Any, kinds: tuple[type, ...], where: str) -> Any:
    """``value`` if it is of one of ``kinds``; a float if that is among them."""
    if isinstance(value, bool) or not any(isinstance(value, kind) for kind in kinds):
        raise FormatError(f"lattice: {where}: {kinds[-1].__name__} is expected, got {str(value)[:40]!r}")
    if float not in kinds:
        return value
    if abs(value) > MAX_SCORE:
        raise FormatError(
            f"lattice: {where} is {str(value)[:40]}, accepted are -{MAX_SCORE:.0f} to {MAX_SCORE:.0f}"
        )
    return float(value)
