"""Grammars in the layout of a Rhino context: expressions by intent, slots and macros.

https://picovoice.ai/docs/tips/syntax-cheat-sheet/: ``[a, b]`` is a choice, ``(a, b)`` an optional one,
``$slot:name`` fills a slot, ``@macro`` stands for other expressions, and words are words.
"""

import string
from collections.abc import Callable, Iterable
from typing import Any

from stapes.errors import ConfigError
from stapes.grammar.definition import Block, Definition, List, Value, ValueList
from stapes.grammar.expression import (
    NOTHING,
    Choice,
    Expression,
    ListReference,
    RuleReference,
    Sequence,
    Text,
    Unspoken,
)
from stapes.grammar.source import Entry, Place
from stapes.grammar.spoken import cardinal, ordinal, spoken

MAX_DEPTH = 50

_CLOSING = {"(": ")", "[": "]"}
_SPECIAL = frozenset("()[],$@")
_NAME = frozenset(string.ascii_letters + string.digits + "_.")
_SPACE = Text(" ")


def read_rhino(document: Entry) -> Definition:
    """The grammar in ``document``, whose slots are its lists and whose macros are its rules.

    Raises:
        ConfigError: a part is of the wrong kind, or an expression has a syntax error.
    """
    context = document.table("the grammar")["context"]
    table = context.table("context")
    if "expressions" not in table:
        raise ConfigError(f"{context.place}: 'expressions' is missing; it is needed here")
    blocks = [
        Block(intent, tuple(_expressions(entry, "an expression")), {})
        for intent, entry in table["expressions"].table("expressions").items()
    ]
    lists: dict[str, List] = {f"pv.{name}": make() for name, make in BUILT_IN_SLOTS.items()}
    for name, entry in _part(table, "slots").items():
        lists[name] = _slot(entry)
    rules: dict[str, Expression] = {
        name: Choice(tuple(_expressions(entry, "a macro"))) for name, entry in _part(table, "macros").items()
    }
    return Definition(tuple(blocks), lists, rules)


def _part(table: dict[str, Entry], name: str) -> dict[str, Entry]:
    return table[name].table(name) if name in table and table[name].content is not None else {}


def _expressions(entry: Entry, what: str) -> list[Expression]:
    return [_Phrase(item.string(what), item.place).parse() for item in entry.items(what)]


def _slot(entry: Entry) -> ValueList:
    values = []
    for item in entry.items("a slot"):
        text = item.string("a slot value")
        values.append(Value(_Phrase(text, item.place).parse(), text, text, item.place))
    return ValueList(tuple(values))


def _built_in(pairs: Iterable[tuple[str, Any]]) -> ValueList:
    place = Place("built-in slot")
    return ValueList(tuple(Value(Text(said), said, out, place) for said, out in pairs))


def _numbers(count: int) -> list[tuple[str, str]]:
    return [(cardinal(number), str(number)) for number in range(count)]


def _ordinals(count: int) -> list[tuple[str, str]]:
    return [(ordinal(number), str(number)) for number in range(1, count)]


def _percents() -> list[tuple[str, str]]:
    return [(f"{said} percent", f"{number}%") for said, number in _numbers(101)]


def _letters() -> list[tuple[str, str]]:
    return [(letter, letter) for letter in string.ascii_lowercase]


BUILT_IN_SLOTS: dict[str, Callable[[], ValueList]] = {
    "Alphabetic": lambda: _built_in(_letters()),
    "Alphanumeric": lambda: _built_in([*_letters(), *_numbers(10)]),
    "Percent": lambda: _built_in(_percents()),
    "SingleDigitInteger": lambda: _built_in(_numbers(10)),
    "SingleDigitOrdinal": lambda: _built_in(_ordinals(10)),
    "TwoDigitInteger": lambda: _built_in(_numbers(100)),
    "TwoDigitOrdinal": lambda: _built_in(_ordinals(100)),
}
"""Slots that every context has, as ``$pv.NAME``; values are text, as Rhino gives them."""


class _Phrase:
    """An expression that is being read, and how far."""

    def __init__(self, text: str, place: Place) -> None:
        self._text = text
        self._place = place
        self._index = 0
        self._depth = 0

    def parse(self) -> Expression:
        expression = self._sequence()
        if self._index < len(self._text):
            raise self._error(self._index, f"'{self._peek()}' outside of brackets")
        return expression

    def _sequence(self) -> Expression:
        """Everything up to a comma, a closing bracket or the end; its items are words of their own."""
        items: list[Expression] = [_SPACE]
        while self._peek() and self._peek() not in ",)]":
            items += [self._item(), _SPACE]
        return Sequence(tuple(items))

    def _item(self) -> Expression:
        start, first = self._index, self._peek()
        if first in _CLOSING:
            return self._choice(first)
        if first == "$":
            return self._slot()
        if first == "@":
            self._index += 1
            return RuleReference(self._name(start, "macro"), self._place.after(start))
        while self._peek() and self._peek() not in _SPECIAL:
            self._index += 1
        text = self._text[start : self._index]
        said = spoken(text)
        return Unspoken(text, self._place.after(start)) if said is None else Text(said)

    def _choice(self, opening: str) -> Expression:
        start = self._index
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(start, f"brackets nested more than {MAX_DEPTH} deep")
        items: list[Expression] = []
        while self._peek() == "," or not items:
            self._index += 1
            items.append(self._sequence())
        if self._peek() != _CLOSING[opening]:
            raise self._error(start, f"'{opening}' is not closed; '{_CLOSING[opening]}' is expected")
        self._index += 1
        self._depth -= 1
        return Choice((*items, NOTHING)) if opening == "(" else Choice(tuple(items))

    def _slot(self) -> Expression:
        start = self._index
        self._index += 1
        name = self._name(start, "slot")
        slot = name
        if self._peek() == ":":
            self._index += 1
            slot = self._name(start, "slot")
        return ListReference(name, slot, self._place.after(start))

    def _name(self, start: int, what: str) -> str:
        begin = self._index
        while self._peek() and self._peek() in _NAME:
            self._index += 1
        if self._index == begin:
            raise self._error(start, f"'{self._text[start]}' names no {what}; a name is expected")
        return self._text[begin : self._index]

    def _peek(self) -> str:
        return self._text[self._index : self._index + 1]

    def _error(self, index: int, problem: str) -> ConfigError:
        text = self._text if len(self._text) <= 80 else self._text[:77] + "..."
        return ConfigError(f"{self._place.after(index)}: {problem}, in: {text}")
