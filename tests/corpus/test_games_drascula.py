"""Drascula: its texts, who says them, and their sound."""

from pathlib import Path

import numpy as np
import pytest

from stapes.corpus.games.drascula import drascula_lines
from tests.corpus.game_files import as_bytes, tone, write_drascula

SOUND = as_bytes(tone(11_025))


def said(path: Path) -> dict[str, tuple[str | None, str]]:
    return {line.name: (line.speaker, line.text) for line in drascula_lines(path)}


def test_texts_with_a_voice_are_lines(tmp_path: Path) -> None:
    texts = {
        "": ["not spoken", "THE  DOOR\tIS SHUT", "...", "NO VOICE"],
        "D": ["I AM A COUNT"],
        "BJ": ["\xc1LVARO"],
        "VB": ["ONE", "TWO"],
    }
    path = write_drascula(tmp_path, texts, dict.fromkeys(("1", "2", "D0", "BJ0", "VB1"), SOUND))
    assert said(path) == {
        "1": ("hero", "THE DOOR IS SHUT"),
        "D0": ("drascula", "I AM A COUNT"),
        "BJ0": ("bj", "\xc1LVARO"),
        "VB1": ("vonbraun", "TWO"),
    }


def test_others_speak_in_files_of_drascula(tmp_path: Path) -> None:
    names = [f"D{number}" for number in range(85)]
    path = write_drascula(
        tmp_path, {"D": ["HI"] * 85, "T": ["HI"] * 85}, dict.fromkeys([*names, "T60"], SOUND)
    )
    speakers = {name: speaker for name, (speaker, _) in said(path).items()}
    assert [speakers[f"D{n}"] for n in (55, 56, 67, 68, 81, 82, 83, 84)] == [
        "drascula",
        "hero",
        "hero",
        "blindman",
        "blindman",
        "bartender",
        None,
        "drascula",
    ]
    assert speakers["T60"] == "bartender"


def test_samples_are_unsigned_bytes(tmp_path: Path) -> None:
    (line,) = drascula_lines(write_drascula(tmp_path, {"": ["HI"]}, {"0": bytes([0, 64, 128, 255])}))
    samples, rate_hz = line.sound()
    assert rate_hz == 11_025
    assert samples.dtype == np.float32
    assert samples.tolist() == [-1.0, -0.5, 0.0, 127 / 128]
    assert line.source.name == "0.ALS"


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = write_drascula(tmp_path, {"": ["HI"]}, {"0": SOUND})
    path.write_bytes(b"DRASTICA" + path.read_bytes()[8:])
    with pytest.raises(ValueError, match="b'DRASCULA' is expected at the beginning"):
        drascula_lines(path)
