"""The figure of the unheard."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.conditions import CONDITIONS
from benchmarks.generalise import CLEAN, SETS, cell, summary
from benchmarks.generalise_plot import draw, lines


def outcome(clean: int, degraded: int) -> dict[str, Any]:
    rates = {condition: clean if condition == CLEAN else degraded for condition in (CLEAN, *CONDITIONS)}
    cells = {name: {condition: cell([(rate, 10)]) for condition, rate in rates.items()} for name in SETS}
    facts = {"summary": summary(cells), "nothing": {}, "cells": cells}
    return {"results": {**facts, "manifests": dict.fromkeys(SETS, "same")}}


def test_each_model_that_heard_everything_is_a_line(tmp_path: Path) -> None:
    results = {"generalise": outcome(1, 3), "generalise-first": outcome(2, 5)}
    assert lines(results) == {
        "en-assistant": pytest.approx([10, *[30] * len(CONDITIONS)]),
        "first en-assistant": pytest.approx([20, *[50] * len(CONDITIONS)]),
    }
    draw(results, tmp_path / "a.svg")
    draw(results, tmp_path / "b.svg")
    figure = (tmp_path / "a.svg").read_text()
    assert figure == (tmp_path / "b.svg").read_text()
    assert all(f">{text}</text>" in figure for text in (*CONDITIONS, "first en-assistant"))
