"""From a definition to its graph."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from stapes.errors import ConfigError
from stapes.grammar.definition import Block, Definition, List, NumberList, Value, ValueList
from stapes.grammar.expression import (
    Choice,
    Expression,
    ListReference,
    Permutation,
    RuleReference,
    Sequence,
    Text,
    Unspoken,
)
from stapes.grammar.graph import (
    ANY,
    EPSILON,
    LISTED,
    LITERAL,
    SPACE,
    WILD,
    Call,
    Graph,
    GraphBuilder,
    SentenceMark,
    ValueMark,
)
from stapes.grammar.spoken import readings

MAX_PERMUTED = 8
"""Bound on the items of a permutation, whose graph has a node for each set of them."""

_INLINE_RANGE = re.compile(r"(-?\d{1,10})\.\.(-?\d{1,10})(?:,(\d{1,10}))?")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A graph, and a sentence for each thing that was left out of it."""

    graph: Graph
    problems: tuple[str, ...]


def compile_definition(definition: Definition) -> Compiled:
    """The graph of ``definition``.

    Values and sentences that cannot be said are left out and reported.

    Raises:
        ConfigError: a list or rule is used but not given, a rule leads back to itself, a permutation has too many
            items, or no sentence is left.
    """
    return _Compiler(definition).run()


@dataclass(frozen=True, slots=True)
class _Scope:
    """The lists and rules that a sentence sees; ``number`` is -1 unless its block has some of its own."""

    number: int
    lists: Mapping[str, List]
    rules: Mapping[str, Expression]

    def list_of(self, reference: ListReference) -> List:
        inline = _INLINE_RANGE.fullmatch(reference.name)
        if inline and reference.name not in self.lists:
            try:
                return NumberList(int(inline[1]), int(inline[2]), int(inline[3] or 1))
            except ConfigError as error:
                raise ConfigError(f"{reference.place}: {error}") from None
        if reference.name not in self.lists:
            raise ConfigError(
                f"{reference.place}: list '{reference.name}' is used but not given; values for it in the file "
                f"or at run time are expected"
            )
        return self.lists[reference.name]

    def rule_of(self, reference: RuleReference) -> Expression:
        if reference.name not in self.rules:
            raise ConfigError(
                f"{reference.place}: rule '{reference.name}' is used but not given; it is expected in the file"
            )
        return self.rules[reference.name]


class _Checker:
    """Tells what can be said, and refuses what has no meaning."""

    def __init__(self) -> None:
        self.problems: dict[str, None] = {}
        self._known: dict[tuple[int, str], bool] = {}
        self._silences: dict[tuple[int, str], frozenset[str]] = {}
        self._open: list[str] = []

    def can_say(self, expression: Expression, scope: _Scope) -> bool:
        """Whether ``expression`` stands for at least one sentence."""
        match expression:
            case Text():
                return True
            case Unspoken(text, place):
                self.problems[f"{place}: '{text}' cannot be said; it is left out"] = None
                return False
            case Choice(items):
                said = [self.can_say(item, scope) for item in items]
                return any(said)
            case Sequence(items) | Permutation(items):
                said = [self.can_say(item, scope) for item in items]
                return all(said)
            case ListReference():
                return self._can_say_list(expression, scope)
            case RuleReference():
                return self._can_say_rule(expression, scope)

    def _can_say_list(self, reference: ListReference, scope: _Scope) -> bool:
        key = (scope.number, f"{{{reference.name}}}")
        if key not in self._known:
            values = scope.list_of(reference)
            self._known[key] = not isinstance(values, ValueList) or self._can_say_values(
                reference, values, scope
            )
        return self._known[key]

    def _can_say_values(self, reference: ListReference, values: ValueList, scope: _Scope) -> bool:
        if not values.values:
            name = reference.name
            self.problems[f"{reference.place}: list '{name}' is empty; what needs it is left out"] = None
        self._enter(f"{{{reference.name}}}", reference)
        said = [self.can_say_value(value, scope) for value in values.values]
        self._open.pop()
        return any(said)

    def can_say_value(self, value: Value, scope: _Scope) -> bool:
        """Whether ``value`` can be said; one without a letter cannot."""
        if plain(value.said) == "":
            self.problems[f"{value.place}: '{value.written}' has no letters; it is left out"] = None
            return False
        return self.can_say(value.said, scope)

    def _can_say_rule(self, reference: RuleReference, scope: _Scope) -> bool:
        key = (scope.number, f"<{reference.name}>")
        if key not in self._known:
            self._enter(f"<{reference.name}>", reference)
            self._known[key] = self.can_say(scope.rule_of(reference), scope)
            self._open.pop()
        return self._known[key]

    def silences(self, expression: Expression, scope: _Scope) -> frozenset[str]:
        """The ways to say ``expression``, which can be said, without a letter: "" for nothing, " " for a space."""
        match expression:
            case Text(text):
                return frozenset() if text.strip() else frozenset({text})
            case Choice(items):
                return frozenset().union(*(self.silences(item, scope) for item in items))
            case Sequence(items):
                found = frozenset({""})
                for item in items:
                    found = frozenset((a + b)[:1] for a in found for b in self.silences(item, scope))
                return found
            case Permutation(items):
                return frozenset({" "} if all(self.silences(item, scope) for item in items) else ())
            case RuleReference(name):
                key = (scope.number, name)
                if key not in self._silences:
                    self._silences[key] = self.silences(scope.rule_of(expression), scope)
                return self._silences[key]
        return frozenset()

    def _enter(self, name: str, reference: ListReference | RuleReference) -> None:
        if name in self._open:
            circle = " in ".join([name, *reversed(self._open[self._open.index(name) :])])
            raise ConfigError(
                f"{reference.place}: {circle} leads back to itself; rules without a cycle are accepted"
            )
        self._open.append(name)


class _Compiler:
    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._builder = GraphBuilder()
        self._checker = _Checker()
        self._parts: dict[tuple[int, str], Call] = {}
        self._finished_parts = 0

    def run(self) -> Compiled:
        whole = _Scope(-1, self._definition.lists, self._definition.rules)
        start, end = self._builder.node(), self._builder.node()
        self._builder.end(end)
        self._skipped(start, end, whole)
        said = [
            self._block(number, block, start, end) for number, block in enumerate(self._definition.blocks)
        ]
        if not any(said):
            reasons = "; ".join(self._checker.problems) or "it has no sentences"
            raise ConfigError(f"grammar: nothing in it can be said: {reasons}")
        return Compiled(self._builder.build(), tuple(self._checker.problems))

    def _skipped(self, start: int, end: int, scope: _Scope) -> None:
        """Let what is skipped be said before and after every sentence, any number of times."""
        values = tuple(v for v in self._definition.skipped if self._checker.can_say_value(v, scope))
        if not values:
            return
        call = self._finished(self._values_part(values, scope))
        builder = self._builder
        before, after = builder.node(), builder.node()
        builder.call(start, call, before)
        builder.arc(before, SPACE, start)
        builder.arc(end, SPACE, after)
        builder.call(after, call, end)

    def _block(self, number: int, block: Block, start: int, end: int) -> bool:
        """Enter the sentences of ``block``; whether any of them can be said."""
        own = bool(block.lists or block.rules)
        scope = _Scope(
            number if own else -1,
            {**self._definition.lists, **block.lists} if own else self._definition.lists,
            {**self._definition.rules, **block.rules} if own else self._definition.rules,
        )
        said = [sentence for sentence in block.sentences if self._checker.can_say(sentence, scope)]
        if said:
            note = self._builder.mark(SentenceMark(block.intent, block.slots))
        for sentence in said:
            first = self._builder.node()
            self._builder.arc(start, EPSILON, first, note)
            self._builder.arc(self._lead(first, sentence, scope), EPSILON, end)
        return bool(said)

    def _lead(self, source: int, expression: Expression, scope: _Scope) -> int:
        """The node to which ``expression`` leads from ``source``."""
        match expression:
            case Text(text):
                return self._builder.text(source, text)
            case Sequence(items):
                for item in items:
                    source = self._lead(source, item, scope)
                return source
            case Choice(items):
                return self._choice(source, items, scope)
            case Permutation(items):
                return self._permutation(source, items, scope)
            case ListReference():
                return self._call(source, self._list_call(expression, scope), frozenset())
            case RuleReference(name):
                call = self._part(f"<{name}>", scope.rule_of(expression), scope)
                return self._call(source, call, self._checker.silences(expression, scope))
            case Unspoken(text, place):
                raise AssertionError(f"{place}: '{text}' is compiled although it cannot be said")

    def _call(self, source: int, call: Call, silences: frozenset[str]) -> int:
        target = self._builder.node()
        self._pass(source, call, silences, target)
        return target

    def _pass(self, source: int, call: Call, silences: frozenset[str], target: int) -> None:
        """Lead from ``source`` to ``target`` by ``call``, and past it where it may be silent."""
        self._builder.call(source, call, target)
        for silence in sorted(silences):
            self._builder.arc(source, SPACE if silence else EPSILON, target)

    def _choice(self, source: int, items: tuple[Expression, ...], scope: _Scope) -> int:
        target = self._builder.node()
        for item in items:
            if self._checker.can_say(item, scope):
                self._builder.arc(self._lead(source, item, scope), EPSILON, target)
        return target

    def _permutation(self, source: int, items: tuple[Expression, ...], scope: _Scope) -> int:
        """One node for each set of items that were said, and each item once."""
        if len(items) > MAX_PERMUTED:
            raise ConfigError(
                f"grammar: a permutation of {len(items)} items; up to {MAX_PERMUTED} are accepted"
            )
        calls = [self._anonymous(item, scope) for item in items]
        silences = [self._checker.silences(item, scope) for item in items]
        nodes = [source, *(self._builder.node() for _ in range(1, 2 ** len(items)))]
        for said, node in enumerate(nodes):
            apart = self._builder.node()
            self._builder.arc(node, SPACE, apart)
            for index, call in enumerate(calls):
                if not said >> index & 1:
                    self._pass(apart, call, silences[index], nodes[said | 1 << index])
        target = self._builder.node()
        self._builder.arc(nodes[-1], SPACE, target)
        return target

    def _part(self, name: str, expression: Expression, scope: _Scope) -> Call:
        """A use of the part ``name``, which is compiled when it is first used."""
        key = (scope.number, name)
        if key not in self._parts:
            self._parts[key] = self._anonymous(expression, scope)
        return self._parts[key]

    def _anonymous(self, expression: Expression, scope: _Scope) -> Call:
        outer, self._builder.kind = self._builder.kind, LITERAL
        start = self._builder.node()
        self._builder.end(self._lead(start, expression, scope))
        self._builder.kind = outer
        return self._finished(start)

    def _finished(self, start: int) -> Call:
        """A use of the part that begins with ``start``, all of which is compiled, and so is what it uses."""
        self._finished_parts += 1
        return Call(start, self._finished_parts)

    def _list_call(self, reference: ListReference, scope: _Scope) -> Call:
        values = scope.list_of(reference)
        key = (scope.number, f"{{{reference.name}}}")
        if key not in self._parts:
            self._parts[key] = self._list_part(values, scope)
        return replace(self._parts[key], slot=reference.slot)

    def _list_part(self, values: List, scope: _Scope) -> Call:
        if isinstance(values, ValueList):
            said = tuple(value for value in values.values if self._checker.can_say_value(value, scope))
            return self._finished(self._values_part(said, scope))
        if isinstance(values, NumberList):
            return self._finished(self._numbers_part(values))
        return replace(self._finished(self._wildcard_part()), wild=True)

    def _values_part(self, values: tuple[Value, ...], scope: _Scope) -> int:
        outer, self._builder.kind = self._builder.kind, LISTED
        start, end = self._builder.node(), self._builder.node()
        self._builder.end(end)
        texts: dict[str, Value] = {}
        for value in values:
            text = plain(value.said)
            if text is None:
                self._template_value(start, value, end, scope)
            elif texts.setdefault(text, value).out != value.out:
                self._checker.problems[
                    f"{value.place}: '{value.written}' is said like '{texts[text].written}'; it is left out"
                ] = None
        self._tree(start, {text: value.out for text, value in texts.items()}, end)
        self._builder.kind = outer
        return start

    def _template_value(self, start: int, value: Value, end: int, scope: _Scope) -> None:
        first = self._builder.node()
        self._builder.arc(start, EPSILON, first)
        last = self._lead(first, value.said, scope)
        self._builder.arc(last, EPSILON, end, self._builder.mark(ValueMark(value.out)))

    def _numbers_part(self, numbers: NumberList) -> int:
        outer, self._builder.kind = self._builder.kind, LISTED
        start, end = self._builder.node(), self._builder.node()
        self._builder.end(end)
        texts: dict[str, object] = {}
        for whole in range(numbers.first, numbers.last + 1, numbers.step):
            for tenth in numbers.tenths:
                number = whole + tenth / 10 if tenth else whole
                texts |= dict.fromkeys(readings(number), number * numbers.multiplier)
        self._tree(start, texts, end)
        self._builder.kind = outer
        return start

    def _wildcard_part(self) -> int:
        outer, self._builder.kind = self._builder.kind, WILD
        start, word, end = self._builder.node(), self._builder.node(), self._builder.node()
        self._builder.arc(start, ANY, word)
        self._builder.arc(word, ANY, word)
        self._builder.arc(word, SPACE, start)
        self._builder.arc(word, EPSILON, end)
        self._builder.end(end)
        self._builder.kind = outer
        return start

    def _tree(self, start: int, texts: Mapping[str, object], end: int) -> None:
        """Lead from ``start`` to ``end`` by each text, common beginnings once, past the mark of its value."""
        path, before = [start], ""
        for text in sorted(texts):
            common = _common(before, text)
            del path[common + 1 :]
            for letter in text[common:]:
                path.append(self._builder.text(path[-1], letter))
            self._builder.arc(path[-1], EPSILON, end, self._builder.mark(ValueMark(texts[text])))
            before = text


def plain(expression: Expression) -> str | None:
    """The words of ``expression`` if it is nothing but text, with single spaces between them; else None."""
    match expression:
        case Text(text):
            return " ".join(text.split())
        case Sequence(items):
            parts = [item.text if isinstance(item, Text) else None for item in items]
            return None if None in parts else " ".join("".join(map(str, parts)).split())
    return None


def _common(one: str, other: str) -> int:
    """Number of letters at the beginning that both have."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
