"""Strict settings: frozen dataclasses filled from TOML tables and ``a.b=c`` overrides.

An unknown key is an error that names the nearest known one; a value of the wrong type is an error that names the
accepted type. A file may begin with ``base = "other.toml"``, a path from its own folder, and then says only what
differs from that file. The resolved settings turn back into a plain dictionary that is stored in whatever they made.
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from stapes.errors import ConfigError

T = TypeVar("T")


def load(cls: type[T], path: Path, overrides: typing.Sequence[str] = ()) -> T:
    """Read the TOML file at ``path`` into the dataclass ``cls``, then apply overrides such as ``train.steps=100``.

    Raises:
        ConfigError: the file or one that it is based on is missing, is not TOML or is based on itself, or holds an
            unknown key or a value of the wrong type.
    """
    table = _read(path, ())
    for override in overrides:
        _override(table, override)
    return build(cls, table, str(path))


def _read(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """The table in ``path`` over that of its base; ``above`` are the files that are based on it."""
    if path.resolve() in above:
        raise ConfigError(f"{path}: is based on itself; a base without a circle is expected")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; a recipe in TOML is expected") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from None
    base = table.pop("base", None)
    if base is None:
        return table
    if not isinstance(base, str):
        raise ConfigError(f"{path}: base: the path of a TOML file is expected, got {base!r}")
    return _over(_read(path.parent / base, (*above, path.resolve())), table)


def _over(base: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """``table`` with what only ``base`` says; tables within are joined alike."""
    joined = dict(base)
    for key, value in table.items():
        under = base.get(key)
        joined[key] = (
            _over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
        )
    return joined


def build(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """Fill the dataclass ``cls`` from ``table``; ``where`` begins every error message."""
    hints = typing.get_type_hints(cls)
    known = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]  # cls is a dataclass
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown setting '{key}'{_nearest(key, known)}")
        values[key] = _convert(hints[key], value, f"{where}: {key}")
    for name, field in known.items():
        if (
            name not in values
            and field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        ):
            raise ConfigError(f"{where}: setting '{name}' is missing")
    try:
        return cls(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def to_dict(settings: Any) -> dict[str, Any]:
    """The plain dictionary (JSON and TOML types only) that ``build`` turns back into ``settings``."""
    return dataclasses.asdict(settings)


def _nearest(key: str, known: typing.Iterable[str]) -> str:
    known = sorted(known)
    match = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean '{match[0]}'?" if match else f"; known are {', '.join(known)}"


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: a table is expected, got {value!r}")
        return build(typing.cast(type, hint), value, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where}: a list is expected, got {value!r}")
        item = typing.get_args(hint)[0]
        return tuple(_convert(item, entry, f"{where}[{index}]") for index, entry in enumerate(value))
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: a table is expected, got {value!r}")
        item = typing.get_args(hint)[1]
        return {key: _convert(item, entry, f"{where}.{key}") for key, entry in value.items()}
    if origin in (typing.Union, types.UnionType):
        accepted = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return None if value is None else _convert(accepted[0], value, where)
    if origin is typing.Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            raise ConfigError(f"{where}: one of {', '.join(map(repr, choices))} is expected, got {value!r}")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where}: a value of type {hint.__name__} is expected, got {value!r}")
    return value


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set {override}: written as name=value, for example train.steps=100")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *path, last = key.split(".")
    for name in path:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {override}: '{name}' is no table")
    table[last] = value
