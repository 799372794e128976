"""``stapes corpus noise``: sound files become stretches without text."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from stapes.cli import main
from stapes.cli.corpus import command
from stapes.corpus import read_manifest
from stapes.corpus.noise import gather_noises


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A long piece at 8 kHz, a short sound, silence, one too short, one damaged, and a text."""
    rng = np.random.default_rng(0)
    sounds = tmp_path / "sounds"
    (sounds / "music").mkdir(parents=True)
    soundfile.write(sounds / "music" / "long.ogg", 0.1 * rng.standard_normal(8000 * 45), 8000)
    soundfile.write(sounds / "Short.WAV", 0.02 * rng.standard_normal((16000, 2)), 16000)
    soundfile.write(sounds / "silent.flac", np.zeros(16000), 16000)
    soundfile.write(sounds / "click.flac", np.ones(1000), 16000)
    (sounds / "damaged.mp3").write_bytes(b"no sound")
    (sounds / "notes.txt").write_text("no sound")
    return sounds


def test_long_sounds_are_cut_and_short_ones_filled_up(folder: Path, tmp_path: Path) -> None:
    gathered = gather_noises([folder / "music", folder], tmp_path / "out")
    assert gathered.dropped == {"silent": 1, "too short": 1, "unreadable": 1}
    listed = read_manifest(tmp_path / "out" / "manifest.jsonl", check_audio=True)
    assert [(u.id, u.duration) for u in listed] == [
        (f"{folder}/Short.WAV-0"[1:], 3.0),
        *((f"{folder}/music/long.ogg-{index}"[1:], 10.0) for index in range(3)),
    ]
    assert gathered.noises == listed
    assert all(u.text == "" and u.set == "noise" for u in listed)
    recordings = [soundfile.read(u.audio)[0] for u in listed]
    assert [np.abs(samples).max() for samples in recordings] == pytest.approx([0.5] * 4, abs=1e-3)
    assert recordings[0][:16000].any() and not recordings[0][16000:].any()
    whole = soundfile.read(folder / "music" / "long.ogg")[0]
    last = soundfile.read(listed[-1].audio)[0][::2]
    assert np.corrcoef(last, whole[-80000:])[0, 1] > 0.7  # the end of the piece, resampled


def test_an_interrupted_run_goes_on(folder: Path, tmp_path: Path) -> None:
    out = folder / "out"  # below the folder that is searched
    first = gather_noises([folder], out)
    manifest = out / "manifest.jsonl"
    whole = manifest.read_text()
    manifest.write_text("".join(whole.splitlines(keepends=True)[:1]))
    again = gather_noises([folder], out)
    assert again.noises == first.noises
    assert (first.resumed, again.resumed) == (0, 1)
    assert manifest.read_text() == whole


def test_what_was_done_is_told(folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        command, ["noise", str(folder), str(tmp_path / "out")], catch_exceptions=False
    )
    assert result.stdout == (
        f"{tmp_path}/out/manifest.jsonl: 4 stretches, 0.01 h, 0 there already; "
        "files dropped: 1 too short, 1 unreadable, 1 silent\n"
    )


def test_a_folder_without_sounds_is_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    assert main(["corpus", "noise", str(folder), str(empty), str(tmp_path / "out")]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("stapes:")]
    assert len(told) == 1
    assert told[0].startswith(f"stapes: error: {empty}: holds no sound file; one of .flac, .mp3, ")
    assert not (tmp_path / "out").exists()
