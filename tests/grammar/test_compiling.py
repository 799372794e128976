"""From a definition to a graph: what is shared, what is left out, what is refused."""

import pytest

from stapes.errors import ConfigError
from stapes.grammar import Grammar
from tests.grammar.language import intents


def problem(document, **lists):
    with pytest.raises(ConfigError) as caught:
        Grammar.from_dict(document, lists)
    return str(caught.value)


def arcs(document, **lists):
    return len(Grammar.from_dict(document, lists).graph.symbols)


def test_nothing_is_expanded():
    rules = {f"r{n}": f"(<r{n + 1}> a|<r{n + 1}> b)" for n in range(60)}
    grammar = Grammar.from_dict(intents(["<r0>"], expansion_rules={**rules, "r60": "c"}))
    assert len(grammar.graph.symbols) < 1000
    assert grammar.parse("c " + "a b " * 30) is not None
    assert grammar.parse("c " + "a b " * 30 + "a") is None


def test_a_list_is_there_once_however_often_it_is_used():
    names = [f"name {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(600)]
    once, often = intents(["go {name}"]), intents([f"go {'x' * n} {{name}}" for n in range(1, 21)])
    assert arcs(often, name=names) - arcs(once, name=names) < 600


def test_names_that_begin_alike_share_their_beginning():
    document = intents(["{name}"])
    assert arcs(document, name=[f"{'long beginning ' * 5}{letter}" for letter in "abcdefghij"]) < 120


def test_a_permutation_has_a_node_for_each_set_and_not_for_each_order():
    document = intents([f"({';'.join('abcdefgh')})"])
    assert arcs(document) < 256 * 10
    assert Grammar.from_dict(document).parse("h g a b c f e d") is not None
    assert Grammar.from_dict(document).parse("h g a b c f e e") is None
    assert problem(intents([f"({';'.join('abcdefghi')})"])) == (
        "grammar: a permutation of 9 items; up to 8 are accepted"
    )


def test_a_cycle_is_refused_and_shown():
    rules = {"a": "go <b>", "b": "[<c>] on", "c": "x <a>"}
    assert problem(intents(["<a>"], expansion_rules=rules)) == (
        "grammar: expansion_rules.c: character 3: <a> in <c> in <b> in <a> leads back to itself; rules without a "
        "cycle are accepted"
    )


def test_a_list_that_holds_itself_is_refused():
    lists = {"a": {"values": ["x {a}"]}}
    assert problem(intents(["{a}"], lists=lists)) == (
        "grammar: lists.a.values.0: character 3: {a} in {a} leads back to itself; rules without a cycle are accepted"
    )


def test_a_list_that_is_used_but_not_given_is_an_error():
    assert problem(intents(["turn on {device}"])) == (
        "grammar: intents.Say.data.0.sentences.0: character 9: list 'device' is used but not given; values for it in "
        "the file or at run time are expected"
    )


def test_a_rule_that_is_used_but_not_given_is_an_error():
    assert problem(intents(["turn on <the> tv"])) == (
        "grammar: intents.Say.data.0.sentences.0: character 9: rule 'the' is used but not given; it is expected in "
        "the file"
    )


def test_a_list_given_at_run_time_goes_before_that_of_the_file():
    document = intents(["{a}"], lists={"a": {"values": ["one"]}})
    grammar = Grammar.from_dict(document, {"a": {"two": 2, "Three": {"id": 3}}})
    assert grammar.parse("one") is None
    assert grammar.parse("two").values == {"a": 2}
    assert grammar.parse("three").values == {"a": {"id": 3}}


def test_names_given_at_run_time_are_no_templates():
    grammar = Grammar.from_dict(intents(["{a}"]), {"a": ["Lamp (old) [2]"]})
    assert grammar.parse("lamp old two").values == {"a": "Lamp (old) [2]"}


def test_what_is_no_list_of_names_is_refused():
    assert (
        problem(intents(["{a}"]), a="lamp")
        == "list 'a': values are the text 'lamp'; a list of texts is accepted"
    )
    assert problem(intents(["{a}"]), a=["lamp", 3]) == "list 'a': a value is 3; text is accepted"


def test_what_needs_an_empty_list_is_left_out_and_reported():
    grammar = Grammar.from_dict(intents(["go", "turn on {a}", "stop [{a}]"]), {"a": []})
    assert grammar.problems == (
        "grammar: intents.Say.data.0.sentences.1: character 9: list 'a' is empty; what needs it is left out",
    )
    assert grammar.parse("go") and grammar.parse("stop")
    assert grammar.parse("turn on") is None


def test_values_that_cannot_be_said_are_left_out_and_reported():
    grammar = Grammar.from_dict(intents(["turn on {a}"]), {"a": ["lamp", "♥", "...", "свет"]})
    assert grammar.problems == (
        "list 'a': '♥' cannot be said; it is left out",
        "list 'a': '...' has no letters; it is left out",
        "list 'a': 'свет' cannot be said; it is left out",
    )
    assert grammar.parse("turn on lamp") and not grammar.parse("turn on")


def test_names_said_alike_are_reported_and_the_first_is_meant():
    grammar = Grammar.from_dict(intents(["{a}"]), {"a": {"TV": 1, "tv": 2, "t-v": 3, "T V": 3}})
    assert grammar.problems == ("list 'a': 'tv' is said like 'TV'; it is left out",)
    assert grammar.parse("tv").values == {"a": 1}


def test_a_grammar_in_which_nothing_can_be_said_is_refused():
    assert problem(intents(["turn on {a}"]), a=["♥"]) == (
        "grammar: nothing in it can be said: list 'a': '♥' cannot be said; it is left out"
    )
    assert problem({"intents": {}}) == "grammar: nothing in it can be said: it has no sentences"


def test_lists_and_rules_of_a_block_go_before_those_of_the_grammar():
    data = [
        {"sentences": ["first <r>"], "lists": {"a": {"values": ["own"]}}, "expansion_rules": {"s": "mine"}},
        {"sentences": ["second <r>"]},
    ]
    parts = {"lists": {"a": {"values": ["common"]}}, "expansion_rules": {"r": "<s> {a}", "s": "ours"}}
    grammar = Grammar.from_dict({"intents": {"A": {"data": data}}, **parts})
    assert grammar.parse("first mine own") and grammar.parse("second ours common")
    assert not grammar.parse("first ours own") and not grammar.parse("second ours own")


def test_words_to_skip_may_stand_before_and_after():
    grammar = Grammar.from_dict(intents(["go on"], skip_words=["please", "can you"]))
    for words in (
        "go on",
        "please go on",
        "can you please go on",
        "go on please",
        "please go on please please",
    ):
        assert grammar.parse(words), words
    for words in ("pleasego on", "go please on", "please", "go on you", "go onplease"):
        assert not grammar.parse(words), words


def test_a_hundred_thousand_names_fit():
    letters = "abcdefghij"
    names = [" ".join(letters[int(digit)] for digit in f"{n:05d}") for n in range(100_000)]
    grammar = Grammar.from_dict(intents(["call {name}"]), {"name": names})
    assert grammar.graph.size_bytes < 20_000_000
    assert grammar.parse("call a b c d e").values == {"name": "a b c d e"}
