"""Files of grammars: the place of everything in them, and what is not accepted."""

import builtins
import json

import pytest

from stapes.errors import ConfigError, MissingExtraError
from stapes.grammar import Grammar

HOME = """\
language: en
intents:
  TurnOn:
    data:
      - sentences:
          - "turn on [the] {device"
"""


def load(tmp_path, text, name="home.yaml", **lists):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return Grammar.load(path, lists)


def problem(tmp_path, text, name="home.yaml", **lists):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, name, **lists)
    return str(caught.value).replace(str(tmp_path), "DIR")


def test_a_syntax_error_has_file_line_and_column(tmp_path):
    assert problem(tmp_path, HOME) == (
        "DIR/home.yaml: line 6, column 28: '{' is not closed; '}' is expected, in: turn on [the] {device"
    )


@pytest.mark.parametrize(
    ("scalar", "line", "column"),
    [
        ("- turn on (it", 6, 21),
        ("- 'turn on (it'", 6, 22),
        ("- |\n              turn on (it", 7, 9),
        ("- turn\n              on\n              (it", 8, 15),
        ('- "turn\n              on (it"', 7, 18),
    ],
)
def test_the_column_is_right_however_text_is_written(tmp_path, scalar, line, column):
    text = HOME.splitlines()
    text[5] = f"          {scalar}"
    assert problem(tmp_path, "\n".join(text)).startswith(f"DIR/home.yaml: line {line}, column {column}: '('")


def test_in_json_the_path_of_keys_and_the_character_are_told(tmp_path):
    document = {"intents": {"TurnOn": {"data": [{"sentences": ["on", "turn on ("]}]}}}
    assert problem(tmp_path, json.dumps(document), "home.json") == (
        "DIR/home.json: intents.TurnOn.data.0.sentences.1: character 9: '(' is not closed; ')' is expected, "
        "in: turn on ("
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "DIR/home.yaml: empty; a grammar is expected"),
        ("a: [1", "DIR/home.yaml: line 1, column 6: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\na: 2", "DIR/home.yaml: line 2, column 1: 'a' appears twice; once is accepted"),
        ("? [a]\n: 1", "DIR/home.yaml: line 1, column 3: a key is no plain value; a name is accepted"),
        (
            "a: 1",
            "DIR/home.yaml: line 1, column 1: neither 'intents' nor 'context' is there; a grammar in the layout of "
            "Home Assistant or a Rhino context is accepted",
        ),
        ("intents: [a]", "DIR/home.yaml: line 1, column 10: intents is a list; a mapping is accepted"),
        ("intents: {A: {}}", "DIR/home.yaml: line 1, column 14: 'data' is missing; it is needed here"),
        ("intents: {A: {data: 3}}", "DIR/home.yaml: line 1, column 21: data is '3'; a list is accepted"),
        (
            "intents: {A: {data: [{sentences: [[]]}]}}",
            "DIR/home.yaml: line 1, column 35: a sentence is a list; text is accepted",
        ),
        ("[" * 60 + "]" * 60, "DIR/home.yaml: nested more than 40 deep"),
        ("&a [*a, *a]", "DIR/home.yaml: nested more than 40 deep"),
        ("a: !!python/object:os.system {}", "DIR/home.yaml: line 1, column 1: neither"),
    ],
)
def test_what_is_no_grammar_is_refused(tmp_path, text, message):
    assert problem(tmp_path, text).startswith(message)


def test_aliases_that_multiply_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("stapes.grammar.source.MAX_ENTRIES", 2000)
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert problem(tmp_path, "\n".join(lines)) == "DIR/home.yaml: more than 2000 entries"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{values: 3}", "column 14: values is '3'; a list is accepted"),
        (
            "{wildcard: false}",
            "column 5: list {a} has no content; values, range or wildcard: true is accepted",
        ),
        ("{range: {from: 1}}", "column 13: 'to' is missing; it is needed here"),
        ("{range: {from: 1, to: x}}", "column 27: to is 'x'; a number is accepted"),
        ("{range: {from: 1, to: 2.5}}", "column 27: to is 2.5; a whole number is accepted"),
        (
            "{range: {from: 2, to: 1}}",
            "column 13: list {a}: a range from 2 to 1 in steps of 1; from at most to, and a step of 1 or more, are "
            "accepted",
        ),
        (
            "{range: {from: 0, to: 1000000}}",
            "column 13: list {a}: a range from 0 to 1000000; 100000 numbers of at most 1000000000 are accepted",
        ),
        (
            "{range: {from: 0, to: 9, fractions: thirds}}",
            "column 41: fractions are 'thirds'; halves or tenths is accepted",
        ),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path, entry, message):
    text = f"lists:\n a: {entry}\nintents: {{A: {{data: [{{sentences: ['{{a}}']}}]}}}}"
    assert problem(tmp_path, text) == f"DIR/home.yaml: line 2, {message}"


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file; a grammar in YAML or JSON is expected"):
        Grammar.load(tmp_path / "none.yaml")


def test_a_file_that_is_not_text_is_an_error(tmp_path):
    (tmp_path / "home.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"home\.yaml: not a text file"):
        Grammar.load(tmp_path / "home.yaml")


def test_json_that_is_none_is_an_error(tmp_path):
    assert problem(tmp_path, '{"a" 1}', "home.json") == (
        "DIR/home.json: line 1, column 6: not JSON: Expecting ':' delimiter"
    )


def test_without_pyyaml_json_is_still_read(tmp_path, monkeypatch):
    whole = builtins.__import__

    def without_yaml(name, *rest):
        if name == "yaml":
            raise ModuleNotFoundError(name)
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    document = {"intents": {"A": {"data": [{"sentences": ["go"]}]}}}
    assert load(tmp_path, json.dumps(document), "home.json").parse("go").intent == "A"
    with pytest.raises(MissingExtraError) as caught:
        load(tmp_path, HOME)
    assert str(caught.value) == (
        "Reading a grammar in YAML needs the package PyYAML: pip install 'stapes[grammar]'"
    )


def test_words_that_yaml_takes_for_truth_are_words(tmp_path):
    text = (
        "intents: {A: {data: [{sentences: ['turn {s}']}]}}\nlists: {s: {values: [on, {in: off, out: off}]}}"
    )
    grammar = load(tmp_path, text)
    assert grammar.parse("turn on").values == {"s": "on"}
    assert grammar.parse("turn off").values == {"s": False}
