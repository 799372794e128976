"""The examples of docs/grammars.md hold."""

import re
from pathlib import Path

import pytest

from stapes.errors import ConfigError
from stapes.grammar import Grammar

PAGE = (Path(__file__).parents[2] / "docs" / "grammars.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def examples(tmp_path):
    grammars = []
    for index, text in enumerate(blocks("yaml")):
        path = tmp_path / f"{index}.yaml"
        path.write_text(text, encoding="utf-8")
        grammars.append(Grammar.load(path))
    return grammars


def test_the_example_in_the_layout_of_home_assistant(examples):
    match = examples[0].parse("please set a timer for five minutes for the pizza oven called lunch please")
    assert match.intent == "SetTimer"
    assert match.values == {"domain": "timer", "minutes": 5, "kind": "oven", "name": "lunch"}


def test_the_example_of_a_rhino_context(examples):
    assert examples[1].parse("please brew me a large tea").values == {"size": "large"}


def test_the_example_of_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home.yaml").write_text(
        'language: en\nintents:\n  TurnOn:\n    data:\n      - sentences:\n          - "turn on [the] {device"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        Grammar.load("home.yaml")
    assert f"stapes: error: {caught.value}" in PAGE
