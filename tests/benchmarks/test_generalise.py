"""Sets and conditions together: what is played, what is scored, what decides."""

from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import soundfile

from benchmarks import generalise, systems
from benchmarks.conditions import CONDITIONS
from benchmarks.unheard_sentences import SENTENCES
from benchmarks.wer import strictly
from stapes import audio
from stapes.corpus import Utterance, write_manifest

RATE_HZ = 16_000
DECIDING = (*generalise.REAL, *generalise.ENGINES, *generalise.NEW_WORDS)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Every set with four recordings of noise, from -20 to -8 dBFS, that say "go home"."""
    for name in generalise.SETS:
        utterances = []
        for index in range(4):
            path = tmp_path / f"{name}-{index}.wav"
            noise = np.random.default_rng(index).standard_normal(8000)
            soundfile.write(path, np.clip(0.1 * 1.6**index * noise / 3, -1, 1), RATE_HZ)
            utterances.append(Utterance(path.stem, path, "go home", 0.5))
        write_manifest(tmp_path / f"{name}.jsonl", utterances)
    write_manifest(tmp_path / "train.jsonl", [Utterance("t", tmp_path / "test-an4-0.wav", "stay", 0.5)])
    return tmp_path


def test_each_condition_is_played_to_the_listener_and_scored(data: Path) -> None:
    played: list[tuple[str, int]] = []

    def hear(utterance: Utterance) -> systems.Heard:
        samples = audio.read(utterance.audio, RATE_HZ)
        played.append((utterance.id, len(samples)))
        assert len(samples) == round(utterance.duration * RATE_HZ)
        return systems.Heard("" if utterance.text == "" else "go" if len(samples) == 8000 else "go home", 0.1)

    trial = generalise.Trial(data, generalise.SETS, ("clean", "room 0.3 s"), limit=2)
    result = trial.run(hear, "fake", strictly)
    clean = [name for name, length in played if length == 8000]
    assert [name for name, length in played if length > 8000][: len(clean) // 2] == clean[::2]
    assert len(played) == 3 * len(generalise.SETS) + len(generalise.nothing())
    for cells in result["cells"].values():
        assert cells["clean"] == {
            "recordings": 2,
            "words": 4,
            "wer": 0.5,
            "accuracy": 0.0,
            "errors": "1/2 1/2",
        }
        assert cells["room 0.3 s"] == {**generalise.cell([(0, 2)]), "wer": 0.0, "accuracy": 1.0}
    assert set(result["nothing"].values()) == {0}


def test_a_larger_limit_adds_recordings_to_those_of_a_smaller_one(data: Path) -> None:
    utterances = [Utterance(f"{index}", data, "", 1.0) for index in range(100)]
    few, many = generalise.draw(utterances, 5), generalise.draw(utterances[::-1], 50)
    assert many[:5] == few != utterances[:5]
    assert len({utterance.id for utterance in many}) == 50


def test_a_smaller_limit_is_about_the_first_recordings_of_a_larger_one(data: Path) -> None:
    def hear(utterance: Utterance) -> systems.Heard:
        loud = float(np.abs(audio.read(utterance.audio, RATE_HZ)).max()) > 0.2
        return systems.Heard("go home" if loud else "go", 0.1)

    def run(limit: int) -> dict[str, Any]:
        return generalise.Trial(data, generalise.SETS, ("clean", "quiet"), limit).run(hear, "fake", strictly)

    few, many = run(2), run(4)
    assert few["manifests"] == many["manifests"]
    for name, cells in many["cells"].items():
        assert generalise.first_of(cells["clean"], 2) == few["cells"][name]["clean"]
        assert generalise.first_of(cells["quiet"], 1) == few["cells"][name]["quiet"]
    assert len({cells["clean"]["errors"] for cells in many["cells"].values()}) > 1


def test_words_in_nothing_are_counted(tmp_path: Path) -> None:
    def hear(utterance: Utterance) -> systems.Heard:
        return systems.Heard("Thank you." if utterance.id == "silence" else " ", 0.1)

    words = generalise.words_in_nothing(hear, tmp_path)
    assert words.pop("silence") == 2
    assert words and not any(words.values())


def cell(wer: float) -> dict[str, Any]:
    return {"recordings": 1, "words": 1, "wer": wer, "accuracy": 1 - wer}


def test_the_score_is_the_mean_of_clean_and_degraded_over_the_deciding_sets() -> None:
    cells = {name: {"clean": cell(0.1), **{c: cell(0.4) for c in CONDITIONS}} for name in DECIDING}
    for name in generalise.REAL:
        cells[name]["clean"] = cell(0.2)
    cells["dev-synthetic"] = {"clean": cell(0.9), **{c: cell(0.9) for c in CONDITIONS}}
    result = generalise.summary(cells)
    assert result["mean, clean"] == pytest.approx(0.14)
    assert result["degraded"] == pytest.approx(0.4)
    assert result["score"] == pytest.approx(0.27)
    assert result["noise 10 dB / clean"] == pytest.approx(0.4 / 0.14)
    assert (result["real"], result["unheard engines"]) == (pytest.approx(0.2), pytest.approx(0.1))


def test_a_part_has_no_score() -> None:
    cells = {name: {"clean": cell(0.1)} for name in (*generalise.REAL, *generalise.ENGINES)}
    assert generalise.summary(cells).keys() == {"real", "unheard engines"}
    assert "score" not in generalise.summary({name: {"clean": cell(0.1)} for name in DECIDING})


def test_sentences_that_were_trained_on_are_refused(data: Path) -> None:
    generalise.refuse_heard(data)
    sentence = (SENTENCES / "new.txt").read_text().splitlines()[0]
    (data / "text.txt").write_text(f"stay\n{sentence}\n")
    with pytest.raises(click.ClickException, match=f"'{sentence}' and 0 more sentences"):
        generalise.refuse_heard(data)
