"""The tables of the unheard."""

from typing import Any

from benchmarks.generalise import CLEAN, SETS, cell, summary
from benchmarks.table import fill


def outcome(errors: int, manifest: str = "same", recordings: int = 6) -> dict[str, Any]:
    """Six recordings of ten words with one error more each from set to set, half of them also too quiet."""
    cells = {
        name: {
            condition: cell([(errors + index, 10)] * (recordings // (1 if condition == CLEAN else 2)))
            for condition in (CLEAN, "noise 10 dB")
        }
        for index, name in enumerate(SETS)
    }
    facts = {"summary": summary(cells), "nothing": {"silence": 0, "wind": 3}, "cells": cells}
    return {"results": {**facts, "manifests": dict.fromkeys(SETS, manifest)}}


def page(name: str, results: dict[str, Any]) -> list[str]:
    return fill(f"<!-- table: {name} -->\n<!-- end -->", results).splitlines()[1:-1]


def test_a_set_stands_with_its_conditions() -> None:
    rows = page("conditions", {"generalise": outcome(1)})
    assert rows[:2] == ["| WER % | recordings | clean | noise 10 dB |", "| --- | --: | --: | --: |"]
    assert rows[2:4] == ["| AN4 test | 6, 3 | 10 | 10 |", "| keywords | 6, 3 | 20 | 20 |"]


def test_the_peer_stands_beside_ours_on_what_both_have_heard() -> None:
    ours = outcome(1)
    ours["results"]["cells"]["test-an4"][CLEAN] = cell([(0, 10), (0, 10), *[(9, 10)] * 4])
    rows = page("beside_peer", {"generalise": ours, "generalise-whisper": outcome(1, recordings=2)})
    assert "| AN4 test | 2, 1 | 0 / 10 | 10 / 10 |" in rows
    assert rows[-1] == "| fewer errors than Whisper tiny.en: clean in 1 of 11 sets, 1 of 22 in all |  |  |  |"
    assert page("beside_peer", {"generalise": ours}) == []
    assert page("beside_peer", {"generalise": ours, "generalise-whisper": outcome(1, "other")}) == []


def test_a_set_of_other_recordings_is_not_compared() -> None:
    theirs = outcome(2)
    theirs["results"]["manifests"]["test-words"] = "other"
    rows = page("beside_peer", {"generalise": outcome(1), "generalise-whisper": theirs})
    assert len(rows) == 2 + len(SETS) - 1 + 1
    assert not any("single words" in row for row in rows)


def test_what_decides_stands_beside_the_first_model_and_the_peer() -> None:
    results = {"generalise": outcome(1), "generalise-first": outcome(2), "generalise-whisper": outcome(3)}
    rows = page("strangers", results)
    assert rows[0] == "|  | en-assistant | first en-assistant | Whisper tiny.en |"
    assert "| real people, clean, WER % | 25.0 | 35.0 | 45.0 |" in rows
    assert "| mean with noise at 10 dB ÷ clean | 1.00 | 1.00 | 1.00 |" in rows
    assert "| words heard in 2 recordings without any | 3 | 3 | 3 |" in rows
    other = {**results, "generalise-first": outcome(2, "other")}
    assert "| real people, clean, WER % | 25.0 | – | 45.0 |" in page("strangers", other)
    less = {**results, "generalise-first": outcome(2, recordings=2)}
    assert "| real people, clean, WER % | 25.0 | – | 45.0 |" in page("strangers", less)


def test_a_peer_that_heard_less_stands_beside_ours_on_that() -> None:
    ours = outcome(1)
    ours["results"]["cells"]["test-an4"][CLEAN] = cell([(9, 10), *[(1, 10)] * 5])
    ours["results"]["summary"] = summary(ours["results"]["cells"])
    rows = page("strangers", {"generalise": ours, "generalise-whisper": outcome(3, recordings=2)})
    part = "on 2, 1 of each set"
    assert (
        rows[0] == f"|  | en-assistant | first en-assistant | en-assistant {part} | Whisper tiny.en {part} |"
    )
    assert "| real people, clean, WER % | 28.3 | – | 35.0 | 45.0 |" in rows


def test_without_results_the_tables_are_empty() -> None:
    assert page("conditions", {}) == page("strangers", {}) == page("beside_peer", {}) == []
