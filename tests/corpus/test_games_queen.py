"""Flight of the Amazon Queen: its texts, who says them, and their sound."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stapes.corpus.games.queen import queen_lines
from stapes.corpus.games.queen_world import actor_name
from tests.corpus.game_files import mp3, queen_files, queen_tables, scene, tone, write_queen


def said(path: Path) -> dict[str, tuple[str | None, str]]:
    return {line.name: (line.speaker, line.text) for line in queen_lines(path)}


def test_texts_are_parted_at_control_codes_and_have_speakers(tmp_path: Path) -> None:
    assert said(write_queen(tmp_path)) == {
        "JOE00011": ("JOE", "It doesn't open."),
        "JOE00411": ("JOE", "A"),
        "JOE00412": ("JOE", "lamp, it is."),
        "07SSSSJ1": ("JOE", "Hello"),
        "07001AJ1": ("JOE", "Good bye"),
        "07001AP1": ("TAMMY", "Who are you?"),
        "07XXXXP1": ("TAMMY", "You again"),
        "07XXXXJ1": ("JOE", "Yes me"),
        "C1___012": ("JOE", "Look out below"),
        "C1___021": ("RITA", "I see it"),
        "C1___031": (None, "Ring ring ring"),
    }


def test_the_sound_is_that_of_the_line(tmp_path: Path) -> None:
    for number, line in enumerate(queen_lines(write_queen(tmp_path))):
        samples, rate_hz = line.sound()
        assert rate_hz == 22_050
        assert line.source == tmp_path / "flight-of-the-amazon-queen/queen.1c"
        loud = np.flatnonzero(np.abs(samples) > 0.1)
        assert np.ptp(loud) / rate_hz == pytest.approx(0.8 + 0.01 * number, abs=0.005)
        spectrum = np.abs(np.fft.rfft(samples))
        assert np.argmax(spectrum) * rate_hz / len(samples) == pytest.approx(400, abs=2)


def test_both_channels_are_heard(tmp_path: Path) -> None:
    files = queen_files()
    one = tone(22_050)
    files["JOE00011.SB"] = mp3(np.stack((one, 0 * one), axis=1))
    line = next(line for line in queen_lines(write_queen(tmp_path, files)) if line.name == "JOE00011")
    samples, _ = line.sound()
    assert samples.ndim == 1
    assert np.abs(samples).max() == pytest.approx(0.25, abs=0.03)


def test_a_voice_with_two_texts_or_without_a_file_is_left_out(tmp_path: Path) -> None:
    files = queen_files()
    files["BOB.DOG"] = files["TAM2.DOG"].replace(b"Good bye", b"Good lie")
    del files["JOE00412.SB"]
    lines = said(write_queen(tmp_path, files))
    assert "07001AJ1" not in lines
    assert "JOE00412" not in lines
    assert lines["07SSSSJ1"] == ("JOE", "Hello")
    assert lines["07001AP1"] == ("BOB", "Who are you?")  # one recording for two: the first by name


@pytest.mark.parametrize(
    ("actors", "speaker"),
    [([(1, 1, 1), (1, 1, 2)], None), ([(1, 1, 2)], "BOB"), ([(2, 1, 2)], None), ([(1, 2, 2)], None)],
)
def test_a_character_is_who_always_plays_it(
    tmp_path: Path, actors: list[tuple[int, int, int]], speaker: str | None
) -> None:
    files = queen_files() | {"QUEEN.JAS": queen_tables(actors, [-3, 5])}
    assert said(write_queen(tmp_path, files))["C1___021"] == (speaker, "I see it")


def test_steps_that_end_elsewhere_tell_no_speaker(tmp_path: Path) -> None:
    files = queen_files()
    cut = bytearray(scene([(0, "Look out below"), (1, "I see it"), (2, "Ring ring ring")]))
    cut[27] += 4  # the end that the header tells
    files["C1.CUT"] = bytes(cut)
    lines = said(write_queen(tmp_path, files))
    assert [lines[f"C1___0{n}1"][0] for n in (2, 3)] == [None, None]


@pytest.mark.parametrize(
    ("name", "actor"),
    [("X12_NAOMI", "NAOMI"), ("JOE-A", "JOE"), ("JOHN2", "JOHAN"), ("MAN1", "MAN1"), ("TAM_UP", "TAMMY")],
)
def test_an_actor_has_one_name(name: str, actor: str) -> None:
    assert actor_name(name) == actor


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"QTBL", b"QTBX"), (b"10100\1", b"10100\0"), (b"JOE00011.SB", b"../E0011.SB")],
    ids=["magic", "compression", "path"],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = write_queen(tmp_path)
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(ValueError, match=r"accepted|is named"):
        queen_lines(path)


def test_a_voice_that_is_no_mp3_is_refused(tmp_path: Path) -> None:
    wave = io.BytesIO()
    soundfile.write(wave, tone(22_050), 22_050, format="WAV")
    files = queen_files() | {"JOE00011.SB": wave.getvalue()}
    with pytest.raises(ValueError, match=r"JOE00011\.SB: WAV; MP3 is expected"):
        queen_lines(write_queen(tmp_path, files))[0].sound()
