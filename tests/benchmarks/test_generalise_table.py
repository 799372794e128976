"""The tables of the unheard."""

from typing import Any

from benchmarks.table import fill


def outcome(wer: float, manifest: str = "same", score: float = 0.25) -> dict[str, Any]:
    cell = {"recordings": 60, "words": 300, "wer": wer, "accuracy": 0.5}
    return {
        "results": {
            "summary": {"score": score, "noise 10 dB / clean": 1.5},
            "nothing": {"silence": 0, "wind": 3},
            "cells": {"test-an4": {"clean": cell, "quiet": {**cell, "wer": 2 * wer, "recordings": 30}}},
            "manifests": {"test-an4": manifest},
        }
    }


def page(name: str, results: dict[str, Any]) -> list[str]:
    return fill(f"<!-- table: {name} -->\n<!-- end -->", results).splitlines()[1:-1]


def test_a_set_stands_with_its_conditions_and_the_peer_on_the_same_recordings() -> None:
    ours = {"generalise": outcome(0.1)}
    head = ["| WER % | recordings | clean | quiet |", "| --- | --: | --: | --: |"]
    assert page("conditions", ours) == [*head, "| AN4 test | 60, 30 | 10 | 20 |"]
    beside = {**ours, "generalise-whisper": outcome(0.05)}
    assert page("conditions", beside) == [*head, "| AN4 test | 60, 30 | 10 / 5 | 20 / 10 |"]
    other = {**ours, "generalise-whisper": outcome(0.05, "other")}
    assert page("conditions", other) == page("conditions", ours)


def test_what_decides_stands_beside_the_first_model() -> None:
    results = {"generalise": outcome(0.1), "generalise-first": outcome(0.2, score=0.5)}
    rows = page("strangers", results)
    assert "| score: mean of the next two, WER % | 25.0 | 50.0 | – |" in rows
    assert "| mean with noise at 10 dB ÷ clean | 1.50 | 1.50 | – |" in rows
    assert "| words heard in 2 recordings without any | 3 | 3 | – |" in rows
    other = {**results, "generalise-first": outcome(0.2, "other", score=0.5)}
    assert "| score: mean of the next two, WER % | 25.0 | – | – |" in page("strangers", other)


def test_without_results_the_tables_are_empty() -> None:
    assert page("conditions", {}) == page("strangers", {}) == []
