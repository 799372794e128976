"""The lines of all games as one corpus: what is kept, how it is written, and what damage is told."""

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stapes.corpus import Utterance, read_manifest
from stapes.corpus.games import gather_games
from stapes.corpus.games.spoken import trimmed, why_unusable
from stapes.errors import CorpusError
from tests.corpus.game_files import (
    DRASCULA,
    QUEEN,
    SKY,
    as_bytes,
    queen_files,
    sky_call,
    sky_files,
    tone,
    write_drascula,
    write_queen,
    write_sky,
)

TEXTS = {
    "": ["WE ARE CLOSED", "12 O'CLOCK"],
    "D": ["YES COUNT"],
    "T": ["SO FAR AND NO FURTHER THAN THAT", "...?", "HI"],
}
LONG = as_bytes(tone(11_025, 17.0))
VOICES = {
    "0": as_bytes(tone(11_025)),
    "1": as_bytes(tone(11_025, 0.8)),
    "D0": as_bytes(tone(11_025, 0.9)),
    "T0": as_bytes(tone(11_025, 0.3)),  # 31 letters in less than a second
    "T2": as_bytes(tone(11_025, 2.0)),  # 2 letters in 2.25 s
}


def write_games(folder: Path) -> None:
    write_queen(folder, {name: files for name, files in queen_files().items() if not name.startswith("07")})
    write_drascula(folder, TEXTS, VOICES)
    sounds = {0: as_bytes(tone(11_025)), 1: as_bytes(tone(11_025, 0.7))}
    write_sky(folder, sky_files(["Good morning", "What is it?"], [sky_call(35, 1, 1, 0)], sounds))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_games(tmp_path / "scummvm")
    return tmp_path / "scummvm"


def rows(out: Path) -> list[tuple[str, str, str | None]]:
    return [(u.id, u.text, u.speaker) for u in read_manifest(out / "manifest.jsonl", check_audio=True)]


def test_every_game_that_is_there_is_read(folder: Path, tmp_path: Path) -> None:
    gathered = gather_games(folder, tmp_path / "out")
    assert rows(tmp_path / "out") == [
        ("queen-JOE00011", "it doesn't open", "queen:JOE"),
        ("queen-JOE00412", "lamp it is", "queen:JOE"),
        ("queen-C1___012", "look out below", "queen:JOE"),
        ("queen-C1___021", "i see it", "queen:RITA"),
        ("queen-C1___031", "ring ring ring", None),
        ("drascula-0", "we are closed", "drascula:hero"),
        ("drascula-1", "twelve o'clock", "drascula:hero"),
        ("drascula-D0", "yes count", "drascula:drascula"),
        ("sky-00000", "good morning", None),
        ("sky-00001", "what is it", "sky:joey"),
    ]
    assert {name: len(utterances) for name, utterances in gathered.games.items()} == {
        "queen": 5,
        "drascula": 3,
        "sky": 2,
    }
    assert gathered.dropped == {"too many letters for their time": 1, "too few letters for their time": 2}
    assert (gathered.resumed, gathered.missing) == (0, [])


def test_recordings_are_flac_at_16_khz_and_as_long_as_told(folder: Path, tmp_path: Path) -> None:
    gather_games(folder, tmp_path / "out")
    for utterance in read_manifest(tmp_path / "out" / "manifest.jsonl"):
        info = soundfile.info(utterance.audio)
        assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_16", 16_000, 1)
        assert utterance.duration == pytest.approx(info.duration, abs=1e-4)
        assert utterance.set == "games"
        assert utterance.audio.parent.name == utterance.id.partition("-")[0]
    assert not list((tmp_path / "out").rglob("*.partial"))


def test_speech_stands_between_a_tenth_and_three_twentieths_of_a_second() -> None:
    sound = trimmed((tone(11_025) + np.float32(0.2), 11_025))
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    # The detector itself keeps 30 ms and the rest of two frames.
    assert 0.13 <= loud[0] / 16_000 <= 0.16
    assert 0.18 <= (len(sound) - loud[-1]) / 16_000 <= 0.21
    assert abs(sound.mean()) < 1e-3


@pytest.mark.parametrize(
    ("text", "seconds", "reason"),
    [
        ("", 1.0, "without words"),
        ("hello", 0.25, None),
        ("hello", 0.2499, "too short"),
        ("a" * 48, 16.0, None),
        ("a" * 48, 16.001, "too long"),
        ("a" * 25, 1.0, None),
        ("a" * 26, 1.0, "too many letters for their time"),
        ("a" * 6, 2.0, None),
        ("a" * 5, 2.0, "too few letters for their time"),
    ],
)
def test_what_is_dropped_and_why(text: str, seconds: float, reason: str | None) -> None:
    assert why_unusable(text, int(seconds * 16_000)) == reason


@pytest.mark.parametrize(
    ("text", "voice", "reason"),
    [
        ("HELLO", b"", "too short"),
        ("HELLO", b"\x80", "too short"),
        ("A" * 60, LONG, "too long"),
        ("__", LONG, "without words"),
    ],
    ids=["empty", "a sample", "long", "no words"],
)
def test_lines_of_no_use_are_counted(tmp_path: Path, text: str, voice: bytes, reason: str) -> None:
    write_drascula(tmp_path, {"": [text]}, {"0": voice})
    gathered = gather_games(tmp_path, tmp_path / "out")
    assert gathered.dropped == {reason: 1}
    assert gathered.games == {"drascula": []}
    assert rows(tmp_path / "out") == []


def test_one_game_is_enough(tmp_path: Path) -> None:
    write_drascula(tmp_path, TEXTS, VOICES)
    gathered = gather_games(tmp_path, tmp_path / "out")
    assert list(gathered.games) == ["drascula"]
    assert gathered.missing == ["flight-of-the-amazon-queen", "beneath-a-steel-sky"]


def test_no_game_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(CorpusError) as error:
            gather_games(folder, tmp_path / "out")
        assert str(error.value) == (
            f"{folder}: holds no game; {QUEEN} or {DRASCULA} or {SKY} is expected, "
            "which the Debian packages of these names bring to /usr/share/scummvm"
        )
    assert not (tmp_path / "out").exists()


def test_a_run_that_was_stopped_goes_on(folder: Path, tmp_path: Path) -> None:
    gather_games(folder, tmp_path / "whole")

    def stop(done: int, total: int) -> None:
        assert total == 13
        if done == 4:
            raise KeyboardInterrupt

    cut = tmp_path / "cut"
    with pytest.raises(KeyboardInterrupt):
        gather_games(folder, cut, stop)
    with (cut / "manifest.jsonl").open("a") as file:
        file.write('{"id": "half a li')
    gathered = gather_games(folder, cut)
    assert gathered.resumed == 3
    assert (cut / "manifest.jsonl").read_bytes() == (tmp_path / "whole" / "manifest.jsonl").read_bytes()
    assert sum(map(len, gathered.games.values())) == 10


def test_a_second_run_reads_no_recording_again(folder: Path, tmp_path: Path) -> None:
    first = gather_games(folder, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")}
    seen: list[tuple[int, int]] = []
    second = gather_games(folder, tmp_path, lambda done, total: seen.append((done, total)))
    assert seen == [(number, 13) for number in range(1, 14)]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")} == before
    assert second.resumed == 10
    assert second.dropped == first.dropped

    def kept(gathered: dict[str, list[Utterance]]) -> list[tuple[str, float]]:
        return [(u.id, u.duration) for utterances in gathered.values() for u in utterances]

    assert kept(second.games) == kept(first.games)


def test_a_missing_index_is_named(folder: Path, tmp_path: Path) -> None:
    index = (folder / SKY).with_name("sky.dnr")
    index.unlink()
    message = f"{index}: cannot be read .No such file or directory.; the file of the Debian package beneath-a-steel-sky"
    with pytest.raises(CorpusError, match=message):
        gather_games(folder, tmp_path / "out")


def test_a_damaged_recording_is_named(folder: Path, tmp_path: Path) -> None:
    path = write_queen(folder, queen_files() | {"JOE00011.SB": b"no sound at all"})
    message = f"{path}: the recording JOE00011 is damaged or of another version; the file of the Debian package flight"
    with pytest.raises(CorpusError, match=message):
        gather_games(folder, tmp_path / "out")


@pytest.mark.parametrize("name", [QUEEN, DRASCULA, SKY, "beneath-a-steel-sky/sky.dnr"])
def test_a_file_that_ends_too_early_is_told(folder: Path, tmp_path: Path, name: str) -> None:
    path = folder / name
    content = path.read_bytes()
    draw = random.Random(0)
    cuts = {0, 1, 4, 15, 40, len(content) - 1, *(draw.randrange(len(content)) for _ in range(40))}
    refused = 0
    for size in cuts:
        path.write_bytes(content[:size])
        refused += is_refused(folder, tmp_path, path)
    # The last text of drascula.dat is in no language that is read; all else is needed.
    assert refused > (0.4 if name == DRASCULA else 0.9) * len(cuts)


@pytest.mark.parametrize("name", [QUEEN, DRASCULA, SKY, "beneath-a-steel-sky/sky.dnr"])
def test_no_damage_is_more_than_told(folder: Path, tmp_path: Path, name: str) -> None:
    path = folder / name
    content = path.read_bytes()
    draw = random.Random(1)
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(draw.choice((1, 3, 30))):
            damaged[min(int(draw.expovariate(1 / 300)), len(content) - 1)] = draw.choice(
                (0, 1, 127, 128, 255, 3)
            )
        path.write_bytes(damaged)
        is_refused(folder, tmp_path, path)


def is_refused(folder: Path, out: Path, path: Path) -> bool:
    """Whether reading the game of ``path`` ends in one sentence that names it; everything else is an error."""
    alone = out / "alone"
    game = path.relative_to(folder).parts[0]
    if not alone.exists():
        alone.mkdir()
        (alone / game).symlink_to(folder / game)
    try:
        gather_games(alone, out / "out")
    except CorpusError as error:
        assert f"{alone / game}" in str(error)
        assert "is damaged or of another version; the file of the Debian package" in str(error)
        return True
    return False
