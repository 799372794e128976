"""Sentences drawn from a grammar are sentences of it, all of them can come, and wildcards never do."""

import json
import random

from click.testing import CliRunner

from stapes.cli import main
from stapes.cli.corpus import command
from stapes.grammar import Grammar

LAMPS = """
language: en
intents:
  Turn:
    data:
      - sentences:
          - "[please] turn (on|off) [the] {name}"
          - "wait <time>"
expansion_rules:
  time: "{minutes} minutes"
lists:
  name:
    values: [lamp, kitchen light]
  minutes:
    range: {from: 11, to: 13}
"""


def drawn(grammar: Grammar, count: int) -> list[str | None]:
    draw = random.Random(0)
    return [grammar.sample(draw) for _ in range(count)]


def test_every_sentence_comes_and_nothing_else(tmp_path):
    path = tmp_path / "lamps.yaml"
    path.write_text(LAMPS)
    turns = {
        f"{polite}turn {state} {article}{name}"
        for polite in ("please ", "")
        for state in ("on", "off")
        for article in ("the ", "")
        for name in ("lamp", "kitchen light")
    }
    waits = {f"wait {number} minutes" for number in ("eleven", "twelve", "thirteen")}
    assert set(drawn(Grammar.load(path), 2000)) == turns | waits


def test_a_wildcard_cannot_be_drawn():
    intents = {"Say": {"data": [{"sentences": ["say {words}", "hush"]}]}}
    grammar = Grammar.from_dict(
        {"language": "en", "intents": intents, "lists": {"words": {"wildcard": True}}}
    )
    assert set(drawn(grammar, 100)) == {None, "hush"}


def test_the_verb_writes_each_sentence_once(tmp_path):
    (tmp_path / "lamps.yaml").write_text(LAMPS)
    (tmp_path / "names.txt").write_text("fan\n")
    out = tmp_path / "out.txt"
    options = ["--count", "500", "--class", f"name={tmp_path / 'names.txt'}"]
    result = CliRunner().invoke(command, ["sample", str(tmp_path / "lamps.yaml"), str(out), *options])
    assert result.exit_code == 0, result.output
    sentences = out.read_text().splitlines()
    assert len(sentences) == len(set(sentences)) == 8 + 3
    assert "please turn on the fan" in sentences


def test_a_grammar_of_wildcards_alone_is_told(tmp_path, capsys):
    path = tmp_path / "say.json"
    intents = {"Say": {"data": [{"sentences": ["say {words}"]}]}}
    path.write_text(
        json.dumps({"language": "en", "intents": intents, "lists": {"words": {"wildcard": True}}})
    )
    assert main(["corpus", "sample", str(path), str(tmp_path / "out.txt"), "--count", "9"]) == 2
    assert "in 9 draws no sentence without a wildcard came; one is expected" in capsys.readouterr().err
    assert not (tmp_path / "out.txt").exists()
