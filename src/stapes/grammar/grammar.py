"""A grammar: which sentences an application understands, and what they mean."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from stapes.errors import ConfigError
from stapes.grammar.automaton import Automaton
from stapes.grammar.compiling import compile_definition
from stapes.grammar.definition import Definition, List, Value, ValueList
from stapes.grammar.expected import Boost, Restriction
from stapes.grammar.graph import Graph
from stapes.grammar.hassil import read_hassil
from stapes.grammar.matching import Match, best_match
from stapes.grammar.rhino import read_rhino
from stapes.grammar.sampling import draw_sentence
from stapes.grammar.source import Entry, Place, from_value, read_file
from stapes.grammar.template import text_expression

Values = Mapping[str, Any] | Iterable[str]
"""The values of a list: how each is said, or a mapping from that to what its slot is given."""

BONUS = 0.3
"""Nats for each letter that follows a grammar."""


class Grammar:
    """A compiled grammar; see ``load`` and ``from_dict``.

    Attributes:
        graph: what it was compiled to.
        problems: a sentence for each part that was left out, because it cannot be said or is said like another.
    """

    def __init__(self, graph: Graph, problems: Sequence[str] = ()) -> None:
        self.graph = graph
        self.problems = tuple(problems)

    @classmethod
    def load(cls, path: str | Path, lists: Mapping[str, Values] | None = None) -> "Grammar":
        """The grammar in a file: hassil templates or a Rhino context, in YAML or (``.json``) in JSON.

        Args:
            path: the file.
            lists: values of lists (slots, in a Rhino context) that the file uses and lacks, or should not keep.

        Raises:
            ConfigError: the file is no grammar; the message has line and column, or the path of keys in JSON.
            MissingExtraError: the file is YAML and PyYAML is not installed.
        """
        return cls._compile(read_file(Path(path)), lists or {})

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], lists: Mapping[str, Values] | None = None) -> "Grammar":
        """The grammar that ``document`` holds, as a file would; errors name the path of keys.

        Raises:
            ConfigError: the document is no grammar.
        """
        return cls._compile(from_value(document, "grammar"), lists or {})

    @classmethod
    def _compile(cls, document: Entry, lists: Mapping[str, Values]) -> "Grammar":
        definition = _read(document)
        given = {name: _given(name, values) for name, values in lists.items()}
        compiled = compile_definition(replace(definition, lists={**definition.lists, **given}))
        return cls(compiled.graph, compiled.problems)

    def parse(self, words: str | Sequence[str]) -> Match | None:
        """The intent and the slots of ``words`` in spoken form, lower case, or None if they are no sentence of it."""
        return best_match(self.graph, words.split() if isinstance(words, str) else words)

    def sample(self, draw: random.Random) -> str | None:
        """A sentence of it in spoken form, drawn by ``draw``; None where the draw came to a wildcard."""
        return draw_sentence(self.graph, draw)

    def restriction(self, vocabulary: Sequence[str]) -> Restriction:
        """Allows a search over ``vocabulary`` nothing but this grammar."""
        return Restriction(self._automaton, vocabulary)

    def compile(self, vocabulary: Sequence[str]) -> Boost:
        """Makes a search over ``vocabulary`` prefer this grammar; what `Recognizer.stream` does with ``expected``."""
        return Boost(self._automaton, vocabulary, BONUS)

    @cached_property
    def only(self) -> "Only":
        """This grammar and nothing else, as what is expected."""
        return Only(self._automaton)

    @cached_property
    def _automaton(self) -> Automaton:
        return Automaton(self.graph)


class Only:
    """Allows a search the sentences of a grammar and nothing else; see ``Grammar.only``."""

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._restrictions: dict[tuple[str, ...], Restriction] = {}

    def compile(self, vocabulary: Sequence[str]) -> Restriction:
        """The restriction over ``vocabulary``; made once and kept."""
        key = tuple(vocabulary)
        if key not in self._restrictions:
            self._restrictions[key] = Restriction(self._automaton, vocabulary)
        return self._restrictions[key]


def _read(document: Entry) -> Definition:
    table = document.table("the grammar")
    if "intents" in table:
        return read_hassil(document)
    if "context" in table:
        return read_rhino(document)
    raise ConfigError(
        f"{document.place}: neither 'intents' nor 'context' is there; a grammar in the layout of Home Assistant or a "
        "Rhino context is accepted"
    )


def _given(name: str, values: Values) -> List:
    place = Place(f"list '{name}'")
    if isinstance(values, str):
        raise ConfigError(f"{place}: values are the text {values!r}; a list of texts is accepted")
    pairs = values.items() if isinstance(values, Mapping) else ((value, value) for value in values)
    return ValueList(tuple(_value(said, out, place) for said, out in pairs))


def _value(said: str, out: Any, place: Place) -> Value:
    if not isinstance(said, str):
        raise ConfigError(f"{place}: a value is {said!r}; text is accepted")
    return Value(text_expression(said, place), said, out, place)
