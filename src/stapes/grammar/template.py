"""Sentence templates as hassil reads them: ``(a|b)``, ``[a]``, ``(a;b)``, ``{list:slot}``, ``<rule>``.

https://github.com/OHF-Voice/hassil; a backslash takes the next character literally.
"""

from stapes.errors import ConfigError
from stapes.grammar.expression import (
    NOTHING,
    Choice,
    Expression,
    ListReference,
    Permutation,
    RuleReference,
    Sequence,
    Text,
    Unspoken,
)
from stapes.grammar.source import Place
from stapes.grammar.spoken import spoken

MAX_DEPTH = 50

_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_SPECIAL = frozenset("()[]{}<>|;")
_ENDS = frozenset(")]|;")


def parse_template(text: str, place: Place) -> Expression:
    """The expression that the template ``text`` at ``place`` stands for.

    Raises:
        ConfigError: a syntax error, with its place.
    """
    return _Template(text, place).parse()


def text_expression(text: str, place: Place) -> Expression:
    """Plain ``text`` without any syntax."""
    said = spoken(text)
    return Unspoken(text, place) if said is None else Text(said)


class _Template:
    """A template that is being read, and how far."""

    def __init__(self, text: str, place: Place) -> None:
        self._text = text
        self._place = place
        self._index = 0
        self._depth = 0

    def parse(self) -> Expression:
        expression = self._group()
        if self._index < len(self._text):
            raise self._error(self._index, f"'{self._peek()}' closes nothing")
        return expression

    def _group(self) -> Expression:
        """Everything up to a closing bracket or the end."""
        items, separators = [self._sequence()], set()
        while self._peek() in ("|", ";"):
            separators.add(self._peek())
            if len(separators) > 1:
                problem = "'|' and ';' in one group; brackets around one of the two are expected"
                raise self._error(self._index, problem)
            self._index += 1
            items.append(self._sequence())
        if not separators:
            return items[0]
        return Choice(tuple(items)) if "|" in separators else Permutation(tuple(items))

    def _sequence(self) -> Expression:
        items = []
        while self._peek() and self._peek() not in _ENDS:
            items.append(self._item())
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _item(self) -> Expression:
        opening = self._peek()
        if opening in ("(", "["):
            return self._bracketed(opening)
        if opening == "{":
            return self._list()
        if opening == "<":
            start = self._index
            return RuleReference(self._name("rule"), self._place.after(start))
        if opening in ("}", ">"):
            raise self._error(self._index, f"'{opening}' closes nothing")
        return self._words()

    def _bracketed(self, opening: str) -> Expression:
        start = self._index
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(start, f"brackets nested more than {MAX_DEPTH} deep")
        self._index += 1
        inside = self._group()
        if self._peek() != _CLOSING[opening]:
            raise self._error(start, f"'{opening}' is not closed; '{_CLOSING[opening]}' is expected")
        self._index += 1
        self._depth -= 1
        return Choice((inside, NOTHING)) if opening == "[" else inside

    def _list(self) -> Expression:
        start = self._index
        name, colon, slot = self._name("list").partition(":")
        # A capture is for the response alone and fills no slot.
        if name.startswith("@") or slot.startswith("@"):
            return ListReference(name.removeprefix("@"), None, self._place.after(start))
        if not name or (colon and not slot):
            raise self._error(start, "'{' names no list; {list} or {list:slot} is expected")
        return ListReference(name, slot or name, self._place.after(start))

    def _name(self, what: str) -> str:
        """The text between the bracket at the present place and its counterpart."""
        start = self._index
        opening = self._text[start]
        end = self._text.find(_CLOSING[opening], start)
        if end < 0 or not _SPECIAL.isdisjoint(self._text[start + 1 : end]):
            raise self._error(start, f"'{opening}' is not closed; '{_CLOSING[opening]}' is expected")
        name = self._text[start + 1 : end].strip()
        if not name:
            raise self._error(start, f"'{opening}' names no {what}; a name is expected")
        self._index = end + 1
        return name

    def _words(self) -> Expression:
        start, letters = self._index, []
        while self._peek() and self._peek() not in _SPECIAL:
            if self._peek() == "\\":
                self._index += 1
                if not self._peek():
                    raise self._error(self._index - 1, "'\\' at the end; a character after it is expected")
            letters.append(self._peek())
            self._index += 1
        return text_expression("".join(letters), self._place.after(start))

    def _peek(self) -> str:
        return self._text[self._index : self._index + 1]

    def _error(self, index: int, problem: str) -> ConfigError:
        return ConfigError(f"{self._place.after(index)}: {problem}, in: {_short(self._text)}")


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
