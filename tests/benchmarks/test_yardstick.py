"""Two recognisers side by side."""

import sys
from pathlib import Path

import click
import pytest

from benchmarks import yardstick
from benchmarks.systems import Heard, System
from stapes.corpus import Utterance

WORKER = """
import json, sys
print(json.dumps({"ready": True}), flush=True)
for number, line in enumerate(sys.stdin):
    answer = {"text": f"go {json.loads(line)['audio']} {number}", "seconds": float(sys.argv[1])}
    print(json.dumps(answer), flush=True)
"""
TWO = [Utterance("a", Path("a"), "go a 1", 2.0), Utterance("b", Path("b"), "go a 1", 3.0)]


def test_each_recording_is_heard_by_all_in_turn_after_one_to_warm_up(tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    competitors = {
        name: System(name, Path(sys.executable), str(worker), (seconds,))
        for name, seconds in (("ours", "0.25"), ("theirs", "0.75"))
    }
    heard = yardstick.hear_in_turn(competitors, TWO, 2)
    assert heard == {
        name: [[Heard("go a 1", s), Heard("go b 2", s)], [Heard("go a 3", s), Heard("go b 4", s)]]
        for name, s in (("ours", 0.25), ("theirs", 0.75))
    }
    facts = yardstick.facts_of(heard["ours"], TWO)
    assert facts["real_time_factor"] == {"median": 0.1, "min": 0.1, "max": 0.1}
    assert (facts["words"], facts["word_errors"]) == (6, 2)


def test_ratios_are_those_of_the_same_search_round_by_round() -> None:
    def rounds(*seconds: float) -> list[list[Heard]]:
        return [[Heard("", each)] for each in seconds]

    heard = {
        "stapes, C, greedy": rounds(1, 2, 1),
        "stapes, C, beam 8": rounds(2, 2, 2),
        "sherpa-onnx, calls of 40 ms, greedy": rounds(3, 8, 90),
        "sherpa-onnx, calls of 40 ms, beam 8": rounds(10, 10, 10),
    }
    assert yardstick.times_faster(heard) == {
        "stapes, C, greedy against sherpa-onnx, calls of 40 ms, greedy": 4,
        "stapes, C, beam 8 against sherpa-onnx, calls of 40 ms, beam 8": 5,
    }


@pytest.mark.parametrize("arguments", [["--data", "."], ["--set", "dev-an4"]])
def test_data_and_set_belong_together(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(click.UsageError, match=r"^--data and --set are given together$"):
        yardstick.main(["--sherpa", str(tmp_path), *arguments], standalone_mode=False)
