"""The evaluate verb, with a recogniser that writes how long a recording it was given."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import stapes.session
from stapes.cli import main
from stapes.session import Transcript
from tests.networks import random_model

WORDS = {1000: "one", 2000: "two", 3000: "three"}


class MeasuringRecognizer:
    """Hears "two" in 2000 ms, "late two" where they do not begin with a sample of 0."""

    def __init__(self, model: Path | None, beam: int) -> None:
        self.beam = beam

    def transcribe(self, samples: NDArray[np.float32], sample_rate_hz: int) -> Transcript:
        duration_ms = round(1000 * len(samples) / sample_rate_hz)
        text = WORDS.get(duration_ms, f"{duration_ms} ms")
        return Transcript(f"late {text}" if samples[0] else text, (), duration_ms / 1000)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recordings of one, two and three seconds."""
    monkeypatch.setattr(stapes.session, "Recognizer", MeasuringRecognizer)
    for duration_ms, word in WORDS.items():
        soundfile.write(tmp_path / f"{word}.wav", np.arange(16 * duration_ms) / 1e5, 16_000)
    return tmp_path


def entry(audio: str, text: str, duration: float, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{audio}-{more.get('start', 0)}",
        "audio": f"{audio}.wav",
        "text": text,
        "duration": duration,
        **more,
    }


def evaluate(folder: Path, entries: list[dict[str, Any]], *options: str) -> int:
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(line) + "\n" for line in entries))
    # The name of the model is new in every test, so that none is taken from the cache of another.
    return main(["evaluate", str(manifest), "--model", str(folder / "model"), *options])


def test_the_table_counts_all_sets_and_speakers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        entry("one", "one", 1, speaker="ann", set="numbers"),
        entry("two", "Two!", 2, speaker="bob", set="numbers"),
        entry("three", "tree", 3, speaker="bob"),
    ]
    assert evaluate(folder, entries) == 0
    out, err = capsys.readouterr()
    rows = {" ".join(line.split()[:2]): line.split() for line in out.splitlines() if line}
    assert rows["all 3"][2:4] == ["3", "33.3"]
    assert rows["set numbers"][3:5] == ["2", "0.0"]
    assert rows["speaker bob"][3:5] == ["2", "50.0"]
    assert rows["1 tree"] == ["1", "tree", "three"]
    assert err == ""


def test_json_holds_rates_and_what_was_heard(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, [entry("one", "one", 1), entry("two", "to", 2)], "--json", "--beam", "7") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["beam"] == 7
    assert result["total"]["wer"] == 0.5
    assert result["recordings"][1] == {"id": "two-0", "said": "to", "heard": "two"}


def test_a_stretch_of_a_recording_is_heard_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [entry("three", "one", 1, start=0), entry("three", "late one", 1, start=1)]
    assert evaluate(folder, entries) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[3] == "0.0"


def test_a_rounded_duration_cuts_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, [entry("two", "two", 1.95)]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[3] == "0.0"


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([entry("two", "two", 1, start=2.5)], "starts at 2.5 s, but .*two.wav lasts 2.000 s; a start within"),
        ([], "manifest.jsonl: no recordings; one JSON object a line is expected"),
        ([entry("four", "four", 4)], "the recording .*four.wav does not exist"),
    ],
)
def test_a_wrong_manifest_is_told_in_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], entries: list[dict[str, Any]], sentence: str
) -> None:
    assert evaluate(folder, entries) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("stapes: error: ") and len(err.splitlines()) == 1
    assert re.search(sentence, err)


def test_a_missing_jiwer_names_the_extra(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jiwer", None)
    assert evaluate(folder, [entry("one", "one", 1)]) == 2
    assert "pip install 'stapes[evaluate]'" in capsys.readouterr().err


def test_two_processes_hear_what_one_hears(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, _ = random_model(tmp_path)
    manifest = Path(__file__).parents[1] / "data" / "an4" / "manifest.jsonl"
    printed = []
    for jobs in ("1", "2"):
        assert main(["evaluate", str(manifest), "--model", str(model), "--json", "--jobs", jobs]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert any(entry["heard"] for entry in json.loads(printed[0])["recordings"])
