"""A document of settings with the place of everything in it, so that an error can say where it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stapes.errors import ConfigError, MissingExtraError

MAX_ENTRIES = 300_000
"""Bound on what one document may hold; an alias in YAML counts each time it is used."""

MAX_DEPTH = 40

_BLOCK_STYLES = ("|", ">")
_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands.

    Attributes:
        source: the file, or the path of keys that leads there.
        line: from 1; 0 where only the path of keys is known.
        column: from 1.
        written: the text as it stands in the file where it runs over several lines, else empty.
    """

    source: str
    line: int = 0
    column: int = 1
    written: str = ""

    def after(self, characters: int) -> "Place":
        """The place ``characters`` further on in the same text, where line breaks read as one space."""
        line, column, position = self.line, self.column + characters, 0
        if self.written:
            column = self.column
            for _ in range(characters):
                end = position + 1
                while self.written[position:end].isspace() and self.written[end : end + 1].isspace():
                    end += 1
                passed = self.written[position:end]
                line += passed.count("\n")
                column = len(passed) - passed.rfind("\n") if "\n" in passed else column + len(passed)
                position = end
        return replace(self, line=line, column=column, written=self.written[position:])

    def __str__(self) -> str:
        if self.line:
            return f"{self.source}: line {self.line}, column {self.column}"
        return self.source if self.column == 1 else f"{self.source}: character {self.column}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a document.

    Attributes:
        content: a dictionary or a list of entries, or a plain value.
        text: a plain value as it was written; empty for dictionaries and lists.
        place: where it stands.
    """

    content: Any
    text: str
    place: Place

    def table(self, what: str) -> dict[str, "Entry"]:
        """The content as a dictionary; ``what`` names it in the error."""
        if not isinstance(self.content, dict):
            raise ConfigError(f"{self.place}: {what} is {self._kind()}; a mapping is accepted")
        return self.content

    def items(self, what: str) -> list["Entry"]:
        """The content as a list; ``what`` names it in the error."""
        if not isinstance(self.content, list):
            raise ConfigError(f"{self.place}: {what} is {self._kind()}; a list is accepted")
        return self.content

    def string(self, what: str) -> str:
        """The content as text; ``what`` names it in the error."""
        if isinstance(self.content, dict | list) or self.content is None:
            raise ConfigError(f"{self.place}: {what} is {self._kind()}; text is accepted")
        return self.text

    def number(self, what: str) -> float:
        """The content as a number; ``what`` names it in the error."""
        if isinstance(self.content, bool) or not isinstance(self.content, int | float):
            raise ConfigError(f"{self.place}: {what} is {self._kind()}; a number is accepted")
        return self.content

    def plain(self) -> Any:
        """The content without places."""
        if isinstance(self.content, dict):
            return {key: entry.plain() for key, entry in self.content.items()}
        if isinstance(self.content, list):
            return [entry.plain() for entry in self.content]
        return self.content

    def _kind(self) -> str:
        if isinstance(self.content, dict):
            return "a mapping"
        if isinstance(self.content, list):
            return "a list"
        return "empty" if self.content is None else repr(self.text)


def read_file(path: Path) -> Entry:
    """The document in a YAML file, or in a JSON file if its name ends with ``.json``.

    Raises:
        ConfigError: the file is missing, is not text, is no YAML or JSON, or holds too much.
        MissingExtraError: YAML is to be read and PyYAML is not installed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; a grammar in YAML or JSON is expected") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a text file: {error}") from None
    if path.suffix == ".json":
        return _from_json(text, str(path))
    return _from_yaml(text, str(path))


def from_value(value: Any, source: str) -> Entry:
    """The document that dictionaries, lists and plain values make, named ``source``.

    Raises:
        ConfigError: it holds too much.
    """
    return _Plain(source).convert(value, (), 0)


def _from_json(text: str, source: str) -> Entry:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        place = Place(source, error.lineno, error.colno)
        raise ConfigError(f"{place}: not JSON: {error.msg}") from None
    except RecursionError:
        raise ConfigError(f"{source}: nested more than {MAX_DEPTH} deep") from None
    return from_value(value, source)


def _from_yaml(text: str, source: str) -> Entry:
    try:
        import yaml
    except ModuleNotFoundError:
        raise MissingExtraError("PyYAML", "grammar", "Reading a grammar in YAML") from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            raise ConfigError(f"{source}: empty; a grammar is expected")
        return _Yaml(source, yaml).convert(root, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = source if mark is None else Place(source, mark.line + 1, mark.column + 1)
        raise ConfigError(f"{place}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{source}: not YAML: {error}") from None


class _Bounded:
    """Counts the entries of a document that is being converted."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._left = MAX_ENTRIES

    def _enter(self, depth: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise ConfigError(f"{self._source}: more than {MAX_ENTRIES} entries")
        if depth > MAX_DEPTH:
            raise ConfigError(f"{self._source}: nested more than {MAX_DEPTH} deep")


class _Plain(_Bounded):
    def convert(self, value: Any, path: tuple[str, ...], depth: int) -> Entry:
        self._enter(depth)
        place = Place(f"{self._source}: {'.'.join(path)}" if path else self._source)
        if isinstance(value, Mapping):
            table = {
                str(key): self.convert(entry, (*path, str(key)), depth + 1) for key, entry in value.items()
            }
            return Entry(table, "", place)
        if isinstance(value, list | tuple):
            items = [self.convert(entry, (*path, str(n)), depth + 1) for n, entry in enumerate(value)]
            return Entry(items, "", place)
        return Entry(value, "" if value is None else str(value), place)


class _Yaml(_Bounded):
    def __init__(self, source: str, yaml: Any) -> None:
        super().__init__(source)
        self._yaml = yaml
        self._construct = yaml.constructor.SafeConstructor().construct_object

    def convert(self, node: Any, depth: int) -> Entry:
        self._enter(depth)
        place = Place(self._source, node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, self._yaml.MappingNode):
            return Entry(self._table(node, depth), "", place)
        if isinstance(node, self._yaml.SequenceNode):
            return Entry([self.convert(item, depth + 1) for item in node.value], "", place)
        return Entry(self._construct(node), node.value, _text_place(node, place))

    def _table(self, node: Any, depth: int) -> dict[str, Entry]:
        table: dict[str, Entry] = {}
        for key, value in node.value:
            place = Place(self._source, key.start_mark.line + 1, key.start_mark.column + 1)
            if not isinstance(key, self._yaml.ScalarNode):
                raise ConfigError(f"{place}: a key is no plain value; a name is accepted")
            if key.value in table:
                raise ConfigError(f"{place}: '{key.value}' appears twice; once is accepted")
            table[key.value] = self.convert(value, depth + 1)
        return table


def _text_place(node: Any, place: Place) -> Place:
    """Where the first character of the scalar ``node`` stands."""
    if node.style in _BLOCK_STYLES:
        return replace(place, line=place.line + 1, column=1)
    start, end = node.start_mark, node.end_mark
    quotes = int(node.style in _QUOTES)
    written = "" if start.line == end.line else start.buffer[start.pointer + quotes : end.pointer - quotes]
    return replace(place, column=place.column + quotes, written=written)
