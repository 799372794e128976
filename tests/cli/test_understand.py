"""``stapes transcribe --grammar``: the bundled model, recordings, and a grammar that knows some of them."""

import json
from pathlib import Path

import pytest

from stapes.cli import main

AN4 = Path(__file__).parents[1] / "data" / "an4"
KNOWN, OTHER = AN4 / "an391-mjwl-b.flac", AN4 / "an437-mjgm-b.flac"

GRAMMAR = """\
intents:
  Enter:
    data:
      - sentences: ["enter {digit:a} {digit:b} {digit:c} {digit:d}"]
        slots: {unit: digits}
"""
DIGITS = "# digits\none => 1\ntwo => 2\neight => 8\t2\nnine => 9\n\n♥\n"


@pytest.fixture
def options(tmp_path):
    (tmp_path / "enter.yaml").write_text(GRAMMAR, encoding="utf-8")
    (tmp_path / "digits.txt").write_text(DIGITS, encoding="utf-8")
    return ["--grammar", str(tmp_path / "enter.yaml"), "--class", f"digit={tmp_path / 'digits.txt'}"]


def transcribe(capsys, *arguments):
    code = main(["transcribe", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_intent_and_slots_stand_behind_the_words(capsys, options):
    code, out, err = transcribe(capsys, *options, KNOWN)
    assert code == 0
    assert out == 'enter two nine eight one → Enter unit="digits" a="2" b="9" c="8" d="1"\n'
    assert err == "stapes: warning: list 'digit': '♥' cannot be said; it is left out\n"


def test_json_holds_what_was_understood(capsys, options):
    _, out, _ = transcribe(capsys, *options, "--json", KNOWN)
    line = json.loads(out)
    assert line["text"] == "enter two nine eight one"
    assert (line["understood"], line["intent"]) == (True, "Enter")
    assert line["slots"] == {"unit": "digits", "a": "2", "b": "9", "c": "8", "d": "1"}


def test_what_is_no_sentence_is_written_as_it_was_heard(capsys, options):
    _, out, _ = transcribe(capsys, *options, OTHER)
    _, heard, _ = transcribe(capsys, OTHER)
    assert out == heard
    assert len(out.split()) > 3


def test_strictly_it_is_not_understood(capsys, options):
    _, out, _ = transcribe(capsys, *options, "--strict", OTHER, KNOWN)
    assert out.splitlines()[0] == f"{OTHER}: not understood"
    assert "→ Enter" in out.splitlines()[1]
    _, out, _ = transcribe(capsys, *options, "--strict", "--json", OTHER)
    line = json.loads(out)
    assert (line["text"], line["words"]) == ("", [])
    assert (line["understood"], line["intent"], line["slots"]) == (False, None, {})


def test_partial_results_are_what_is_heard(capsys, options):
    _, out, _ = transcribe(capsys, *options, "--stream", "--json", "--strict", OTHER)
    *partial, final = map(json.loads, out.splitlines())
    assert partial[-1]["text"] and "understood" not in partial[-1]
    assert final["final"] and not final["understood"]


def test_strict_needs_a_grammar(capsys):
    code, _, err = transcribe(capsys, "--strict", KNOWN)
    assert code == 2
    assert err.endswith("Error: --strict: a grammar in --grammar is expected\n")


def test_a_list_that_is_not_given_is_an_error(capsys, options):
    code, _, err = transcribe(capsys, *options[:2], KNOWN)
    assert code == 2
    assert err == (
        f"stapes: error: {options[1]}: line 4, column 28: list 'digit' is used but not given; values for it in "
        "the file or at run time are expected\n"
    )


def test_a_file_of_values_that_is_not_there_is_an_error(capsys, options, tmp_path):
    code, _, err = transcribe(capsys, *options[:2], "--class", f"digit={tmp_path / 'none.txt'}", KNOWN)
    assert (code, err) == (
        2,
        f"stapes: error: {tmp_path / 'none.txt'}: cannot be read; a text file in UTF-8 with one name a line is "
        "expected\n",
    )
