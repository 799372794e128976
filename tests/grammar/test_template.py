"""Sentence templates: what they stand for, and what is no template."""

import pytest

from stapes.errors import ConfigError
from stapes.grammar import Grammar
from stapes.grammar.hassil import read_hassil
from stapes.grammar.source import Place, from_value
from stapes.grammar.template import parse_template
from tests.grammar.language import intents, sentences_of


def said(template, **parts):
    return sentences_of(read_hassil(from_value(intents([template], **parts), "grammar")))


@pytest.mark.parametrize(
    ("template", "sentences"),
    [
        ("turn on", {"turn on"}),
        ("(turn|switch) on", {"turn on", "switch on"}),
        ("turn [it] on", {"turn on", "turn it on"}),
        ("light[s]", {"light", "lights"}),
        ("[[all ]the] lights", {"lights", "the lights", "all the lights"}),
        ("five( |-)hour", {"five hour"}),
        ("(a;b)", {"a b", "b a"}),
        ("say (a;[b];c)", {"say a c", "say c a", *(f"say {x}" for x in ("a b c", "a c b", "b a c", "b c a"))}
         | {"say c a b", "say c b a"}),
        ("to 20[%| percent]", {"to twenty", "to twenty percent"}),
        (r"ok \(now\)", {"ok now"}),
        ("Turn On, please!", {"turn on please"}),
        ("it’s naïve", {"it's naive"}),
    ],
)  # fmt: skip
def test_a_template_stands_for_these_sentences(template, sentences):
    assert said(template) == sentences


def test_rules_and_lists_stand_for_what_they_hold():
    parts = {"expansion_rules": {"the": "(the|my)"}, "lists": {"room": {"values": ["attic", "hall[way]"]}}}
    assert said("<the> {room:where}", **parts) == {
        f"{the} {room}" for the in ("the", "my") for room in ("attic", "hall", "hallway")
    }


@pytest.mark.parametrize(
    ("template", "column", "problem"),
    [
        ("turn (on", 6, "'(' is not closed; ')' is expected"),
        ("turn [on", 6, "'[' is not closed; ']' is expected"),
        ("turn (on]", 6, "'(' is not closed; ')' is expected"),
        ("turn on)", 8, "')' closes nothing"),
        ("turn } on", 6, "'}' closes nothing"),
        ("{name", 1, "'{' is not closed; '}' is expected"),
        ("<the {name}", 1, "'<' is not closed; '>' is expected"),
        ("in {}", 4, "'{' names no list; a name is expected"),
        ("in {a:}", 4, "'{' names no list; {list} or {list:slot} is expected"),
        ("in <>", 4, "'<' names no rule; a name is expected"),
        ("(a|b;c)", 5, "'|' and ';' in one group; brackets around one of the two are expected"),
        ("a\\", 2, "'\\' at the end; a character after it is expected"),
        ("(" * 51 + ")" * 51, 51, "brackets nested more than 50 deep"),
    ],
)
def test_a_syntax_error_names_its_place(template, column, problem):
    with pytest.raises(ConfigError) as caught:
        parse_template(template, Place("a.yaml", 7, 3))
    assert str(caught.value).startswith(
        f"a.yaml: line 7, column {column + 2}: {problem}, in: {template[:20]}"
    )


def test_a_capture_fills_no_slot():
    match = Grammar.from_dict(intents(["{a:@b} {a}"], lists={"a": {"values": ["x"]}})).parse("x x")
    assert [(slot.name, slot.start_word) for slot in match.slots] == [("a", 1)]


def test_a_range_may_stand_in_a_template():
    match = Grammar.from_dict(intents(["{0..9,3:n} {-2..1:m}"])).parse("six minus two")
    assert match.values == {"n": 6, "m": -2}
    assert Grammar.from_dict(intents(["{0..9,3:n}"])).parse("five") is None
