"""Recognisers behind a pipe."""

import sys
from pathlib import Path

import click
import pytest

from benchmarks import systems, wer
from stapes.corpus import Utterance, normalise

WORKER = """
import json, os, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    asked['threads'] = os.environ['OMP_NUM_THREADS']
    text = f"{asked['audio']} {asked['start']} {asked['duration']} {asked['threads']} {sys.argv[1]}"
    print(json.dumps({"text": text, "seconds": 0.25}), flush=True)
"""


def system(folder: Path, code: str) -> systems.System:
    worker = folder / "worker.py"
    worker.write_text(code)
    return systems.System("fake", Path(sys.executable), str(worker), ("argument",))


def test_each_recording_is_asked_for_on_one_thread(tmp_path: Path) -> None:
    utterances = [Utterance("a", Path("a.wav"), "", 2.0, start=1.0), Utterance("b", Path("b.wav"), "", 3.0)]
    heard = list(systems.transcribe(system(tmp_path, WORKER), utterances))
    assert [entry.text for entry in heard] == ["a.wav 1.0 2.0 1 argument", "b.wav 0.0 3.0 1 argument"]
    assert [entry.seconds for entry in heard] == [0.25, 0.25]


def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="fake: its process ended early"):
        list(systems.transcribe(system(tmp_path, "raise SystemExit(3)"), []))


def test_a_folder_without_whisper_is_told(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="no model there; a virtual environment with faster-whisper"):
        systems.whisper(tmp_path)


def test_scores_and_real_time_factor_of_a_system(tmp_path: Path) -> None:
    code = WORKER.replace('text = f"', 'text = "go to the moon now" #')
    sets = {
        "near": [Utterance("a", Path("a.wav"), "go to the moon now", 0.5)],
        "far": [Utterance("b", Path("b.wav"), "go to the shop", 1.5)],
    }
    result = wer.measure(system(tmp_path, code), sets, lambda written, reference: normalise(written))
    assert result["real_time_factor"] == 0.25
    assert result["sets"]["near"]["wer"] == 0
    assert result["sets"]["far"]["wer"] == 0.5
    assert result["sets"]["far"]["hours"] == 1.5 / 3600
