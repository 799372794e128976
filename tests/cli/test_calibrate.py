"""The calibrate verb, with a recogniser whose posteriors are too high."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import stapes.session
from stapes import engine, format
from stapes.cli import DEFAULT_BEAM, main
from stapes.session import Transcript, Word
from tests.networks import random_model

HALVES = (0.9, 0.7)


class BoastfulRecognizer:
    """Says a hundred words, each with a posterior of 0.9 or 0.7; every second word is right."""

    made_with: tuple[Any, ...] = ()

    def __init__(self, network: engine.Network, beam: int) -> None:
        BoastfulRecognizer.made_with = network.calibration, beam

    def transcribe(self, samples: NDArray[np.float32], sample_rate_hz: int) -> Transcript:
        words = tuple(Word("no" if i % 2 else "yes", i / 100, i / 100, HALVES[i // 50]) for i in range(100))
        return Transcript(" ".join(word.text for word in words), words, 1.0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A packed model, and manifests of two speakers and of one."""
    monkeypatch.setattr(stapes.session, "Recognizer", BoastfulRecognizer)
    monkeypatch.chdir(tmp_path)
    random_model(tmp_path)
    soundfile.write("a.wav", np.zeros(16_000), 16_000)
    entry = {"audio": "a.wav", "text": " ".join(["yes"] * 100), "duration": 1.0}
    lines = [json.dumps({**entry, "id": speaker, "speaker": speaker}) + "\n" for speaker in "xy"]
    Path("two.jsonl").write_text("".join(lines))
    Path("one.jsonl").write_text(lines[0])
    return tmp_path


def test_the_map_and_how_well_it_fits_go_into_the_model(folder: Path, capsys: Any) -> None:
    arguments = ["calibrate", "tiny.stapes", "--data", "two.jsonl", "--out", "honest.stapes", "--beam", "5"]
    assert main(arguments) == 0
    before, after = format.read("tiny.stapes"), format.read("honest.stapes")
    table = after.metadata["calibration"]
    assert table["posteriors"] == [0.0, 0.7, 0.9, 1.0]
    assert table["confidences"] == pytest.approx([0.5] * 4)
    assert table["measured"] == {"words": 200, "error_before": 0.3, "error": 0.0}
    assert capsys.readouterr().out == "words 200  error_before 0.3  error 0\n"
    assert BoastfulRecognizer.made_with == (None, 5)
    assert {**after.metadata, "calibration": 0} == {**before.metadata, "calibration": 0}
    assert after.tensors.keys() == before.tensors.keys()
    for name, tensor in before.tensors.items():
        np.testing.assert_array_equal(after.tensors[name], tensor)
    calibrate = engine.Network.load("honest.stapes").calibration
    assert calibrate is not None and calibrate(np.array([0.8]))[0] == pytest.approx(0.5)


def test_sets_count_equally(folder: Path, capsys: Any) -> None:
    entry = {
        "id": "z",
        "audio": "a.wav",
        "text": " ".join(["yes", "no"] * 50),
        "duration": 1.0,
        "speaker": "z",
    }
    Path("three.jsonl").write_text(json.dumps(entry) + "\n")
    arguments = ["--data", "two.jsonl", "--data", "three.jsonl", "--out", "x.stapes"]
    assert main(["calibrate", "tiny.stapes", *arguments]) == 0
    # One half right in the one set, all right in the other.
    confidences = format.read("x.stapes").metadata["calibration"]["confidences"]
    assert confidences == pytest.approx([0.75] * len(confidences), abs=0.03)
    assert "words 300  error_before 0.1 " in capsys.readouterr().out


def test_a_calibration_that_is_there_does_not_count(folder: Path, capsys: Any) -> None:
    for _ in range(2):
        assert main(["calibrate", "tiny.stapes", "--data", "two.jsonl", "--out", "tiny.stapes"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert BoastfulRecognizer.made_with == (None, DEFAULT_BEAM)


def test_a_single_speaker_is_too_few(folder: Path, capsys: Any) -> None:
    assert main(["calibrate", "tiny.stapes", "--data", "one.jsonl", "--out", "x.stapes"]) == 2
    assert "calibration: 1 speakers were heard; at least two are expected" in capsys.readouterr().err
    assert not Path("x.stapes").exists()
