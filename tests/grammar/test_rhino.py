"""Rhino contexts: what their expressions stand for, and what is no expression."""

import pytest

from stapes.errors import ConfigError
from stapes.grammar import Grammar
from stapes.grammar.rhino import read_rhino
from stapes.grammar.source import from_value
from tests.grammar.language import sentences_of


def context(*expressions, **parts):
    return {"context": {"expressions": {"say": list(expressions)}, **parts}}


def said(expression, **parts):
    return sentences_of(read_rhino(from_value(context(expression, **parts), "grammar")))


def problem(document):
    with pytest.raises(ConfigError) as caught:
        Grammar.from_dict(document)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "sentences"),
    [
        ("make me coffee", {"make me coffee"}),
        ("(please) make", {"make", "please make"}),
        ("on (the, some) lights", {"on lights", "on the lights", "on some lights"}),
        ("[turn on, activate] it", {"turn on it", "activate it"}),
        ("[turn [on, off], (please) stop]", {"turn on", "turn off", "stop", "please stop"}),
        ("[a,b](c)", {"a", "b", "a c", "b c"}),
        ("@polite make", {"please make", "would you make"}),
        ("a $size:s", {"a small", "a large"}),
    ],
)
def test_an_expression_stands_for_these_sentences(expression, sentences):
    parts = {"macros": {"polite": ["please", "would you"]}, "slots": {"size": ["small", "large"]}}
    assert said(expression, **parts) == sentences


def test_slots_are_named_by_the_expression():
    grammar = Grammar.from_dict(context("$size $size:other", slots={"size": ["small", "very large"]}))
    assert grammar.parse("very large small").values == {"size": "very large", "other": "small"}


@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        ("SingleDigitInteger", "nine", "9"),
        ("TwoDigitInteger", "ninety nine", "99"),
        ("SingleDigitOrdinal", "third", "3"),
        ("TwoDigitOrdinal", "twenty first", "21"),
        ("Percent", "one hundred percent", "100%"),
        ("Alphabetic", "q", "q"),
        ("Alphanumeric", "seven", "7"),
    ],
)
def test_built_in_slots_hold_what_rhino_gives(name, words, value):
    match = Grammar.from_dict(context(f"it is $pv.{name}:x")).parse(f"it is {words}")
    assert match.intent == "say"
    assert match.values == {"x": value}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SingleDigitInteger", "ten"),
        ("TwoDigitInteger", "one hundred"),
        ("SingleDigitOrdinal", "tenth"),
        ("SingleDigitOrdinal", "zeroth"),
        ("Percent", "ten"),
        ("Alphabetic", "seven"),
    ],
)
def test_built_in_slots_hold_nothing_else(name, words):
    assert Grammar.from_dict(context(f"it is $pv.{name}:x")).parse(f"it is {words}") is None


@pytest.mark.parametrize(
    ("expression", "character", "message"),
    [
        ("make (me", 6, "'(' is not closed; ')' is expected"),
        ("make [a, b)", 6, "'[' is not closed; ']' is expected"),
        ("make, me", 5, "',' outside of brackets"),
        ("make me]", 8, "']' outside of brackets"),
        ("a $ b", 3, "'$' names no slot; a name is expected"),
        ("a $size: b", 3, "'$' names no slot; a name is expected"),
        ("a @", 3, "'@' names no macro; a name is expected"),
        ("[" * 51, 51, "brackets nested more than 50 deep"),
    ],
)
def test_a_syntax_error_names_its_place(expression, character, message):
    where = f"grammar: context.expressions.say.0: character {character}: "
    assert problem(context(expression)).startswith(f"{where}{message}, in: {expression[:20]}")


def test_a_slot_that_is_not_given_is_an_error():
    assert problem(context("a $size")) == (
        "grammar: context.expressions.say.0: character 3: list 'size' is used but not given; values for it in the "
        "file or at run time are expected"
    )


def test_a_macro_that_is_not_given_is_an_error():
    assert problem(context("go @size")) == (
        "grammar: context.expressions.say.0: character 4: rule 'size' is used but not given; it is expected in the "
        "file"
    )


def test_a_context_without_expressions_is_an_error():
    assert problem({"context": {"slots": {}}}) == (
        "grammar: context: 'expressions' is missing; it is needed here"
    )


def test_empty_parts_are_as_good_as_none():
    assert Grammar.from_dict(context("go", slots=None, macros=None)).parse("go").intent == "say"
