"""Grammars in the layout of Home Assistant: intents, data, sentences, lists and expansion rules.

https://github.com/OHF-Voice/intents. Which device a home has, and what is on, is not known here:
``requires_context`` and ``excludes_context`` are left to whoever acts on the intent.
"""

from collections.abc import Mapping
from typing import Any

from stapes.errors import ConfigError
from stapes.grammar.definition import (
    FRACTIONS,
    Block,
    Definition,
    List,
    NumberList,
    Value,
    ValueList,
    Wildcard,
)
from stapes.grammar.expression import Expression
from stapes.grammar.source import Entry
from stapes.grammar.template import parse_template, text_expression


def read_hassil(document: Entry) -> Definition:
    """The grammar in ``document``.

    Raises:
        ConfigError: a key is missing or of the wrong kind, or a template has a syntax error.
    """
    table = document.table("the grammar")
    blocks = [
        block
        for intent, entry in _child(document, "intents").table("intents").items()
        for block in _blocks(intent, entry)
    ]
    skipped = (
        [_value(entry, is_template=False) for entry in table["skip_words"].items("skip_words")]
        if "skip_words" in table
        else []
    )
    return Definition(tuple(blocks), _lists(table), _rules(table), tuple(skipped))


def value_list(entries: Entry) -> ValueList:
    """The list that ``entries`` make: texts, templates, or mappings with ``in`` and ``out``."""
    return ValueList(tuple(_value(entry, is_template=True) for entry in entries.items("values")))


def _blocks(intent: str, entry: Entry) -> list[Block]:
    return [_block(intent, data) for data in _child(entry, "data").items("data")]


def _block(intent: str, data: Entry) -> Block:
    table = data.table("data")
    sentences = [
        parse_template(sentence.string("a sentence"), sentence.place)
        for sentence in _child(data, "sentences").items("sentences")
    ]
    slots: dict[str, Any] = {}
    if "slots" in table:
        slots = {name: slot.plain() for name, slot in table["slots"].table("slots").items()}
    return Block(intent, tuple(sentences), slots, _lists(table), _rules(table))


def _lists(table: Mapping[str, Entry]) -> dict[str, List]:
    if "lists" not in table:
        return {}
    return {name: _list(name, entry) for name, entry in table["lists"].table("lists").items()}


def _rules(table: Mapping[str, Entry]) -> dict[str, Expression]:
    if "expansion_rules" not in table:
        return {}
    return {
        name: parse_template(entry.string(f"rule <{name}>"), entry.place)
        for name, entry in table["expansion_rules"].table("expansion_rules").items()
    }


def _list(name: str, entry: Entry) -> List:
    table = entry.table(f"list {{{name}}}")
    if "values" in table:
        return value_list(table["values"])
    if "range" in table:
        return _range(name, table["range"])
    if "wildcard" in table and table["wildcard"].content is True:
        return Wildcard()
    raise ConfigError(
        f"{entry.place}: list {{{name}}} has no content; values, range or wildcard: true is accepted"
    )


def _range(name: str, entry: Entry) -> NumberList:
    table = entry.table("range")
    fractions = table["fractions"].string("fractions") if "fractions" in table else None
    if fractions is not None and fractions not in FRACTIONS:
        place = table["fractions"].place
        raise ConfigError(f"{place}: fractions are '{fractions}'; {' or '.join(FRACTIONS)} is accepted")
    first, last = (_whole(_child(entry, key), key) for key in ("from", "to"))
    step = _whole(table["step"], "step") if "step" in table else 1
    multiplier = table["multiplier"].number("multiplier") if "multiplier" in table else 1
    try:
        return NumberList(first, last, step, multiplier, FRACTIONS[fractions] if fractions else (0,))
    except ConfigError as error:
        raise ConfigError(f"{entry.place}: list {{{name}}}: {error}") from None


def _whole(entry: Entry, what: str) -> int:
    number = entry.number(what)
    if number != number // 1:
        raise ConfigError(f"{entry.place}: {what} is {entry.text}; a whole number is accepted")
    return int(number)


def _value(entry: Entry, is_template: bool) -> Value:
    if not isinstance(entry.content, dict):
        said = entry
        out: Any = entry.text if not is_template or set(entry.text).isdisjoint("()[]{}<>|") else None
    else:
        said = _child(entry, "in")
        out = entry.content["out"].plain() if "out" in entry.content else None
    text = said.string("a value")
    parse = parse_template if is_template else text_expression
    return Value(parse(text, said.place), text, out, said.place)


def _child(entry: Entry, key: str) -> Entry:
    table = entry.table(f"what holds {key}")
    if key not in table:
        raise ConfigError(f"{entry.place}: '{key}' is missing; it is needed here")
    return table[key]
