"""The sentences of small grammars, one by one: what the automata are checked against."""

import itertools

from stapes.grammar.definition import Definition, ValueList
from stapes.grammar.expression import Choice, ListReference, Permutation, RuleReference, Sequence, Text


def intents(sentences, **parts):
    """A document in the layout of Home Assistant with one intent, ``Say``."""
    return {"intents": {"Say": {"data": [{"sentences": sentences}]}}, **parts}


def sentences_of(definition: Definition) -> set[str]:
    """Every sentence of a grammar without wildcards, with single spaces."""
    return {
        " ".join(said.split())
        for block in definition.blocks
        for sentence in block.sentences
        for said in _said(sentence, definition)
    } - {""}


def _said(expression, definition) -> set[str]:
    match expression:
        case Text(text):
            return {text}
        case Sequence(items):
            return _joined([_said(item, definition) for item in items])
        case Choice(items):
            return set().union(*(_said(item, definition) for item in items))
        case Permutation(items):
            spaced = [{f" {said} " for said in _said(item, definition)} for item in items]
            return set().union(*(_joined(order) for order in itertools.permutations(spaced)))
        case RuleReference(name):
            return _said(definition.rules[name], definition)
        case ListReference(name):
            values = definition.lists[name]
            assert isinstance(values, ValueList)
            return set().union(*(_said(value.said, definition) for value in values.values))


def _joined(parts) -> set[str]:
    return {"".join(chosen) for chosen in itertools.product(*parts)}
