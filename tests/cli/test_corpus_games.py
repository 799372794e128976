"""``stapes corpus games``: what it tells."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from stapes.cli import main
from stapes.cli.corpus import command
from stapes.corpus import read_manifest
from tests.corpus.game_files import DRASCULA, as_bytes, tone, write_drascula


def write_game(folder: Path) -> Path:
    texts = {"": ["WE ARE CLOSED", "ABC"], "I": ["YES MASTER"]}
    voices = {"0": 1.0, "1": 3.0, "I0": 0.8}
    return write_drascula(
        folder, texts, {name: as_bytes(tone(11_025, long)) for name, long in voices.items()}
    )


def test_the_lines_are_counted_by_game_and_in_all(tmp_path: Path) -> None:
    write_game(tmp_path)
    out = tmp_path / "out"
    for there in (0, 2):
        result = CliRunner().invoke(command, ["games", str(tmp_path), str(out)], catch_exceptions=False)
        assert result.exit_code == 0
        assert result.stdout.splitlines() == [
            "drascula             2 utterances     0.00 h      2 speakers",
            "not found: flight-of-the-amazon-queen",
            "not found: beneath-a-steel-sky",
            f"{out}/manifest.jsonl: 2 lines, 0.00 h, 2 speakers, {there} there already; "
            "dropped: 1 too few letters for their time",
        ]
    assert [u.text for u in read_manifest(out / "manifest.jsonl")] == ["we are closed", "yes master"]


def test_nothing_dropped_is_told(tmp_path: Path) -> None:
    write_drascula(tmp_path, {"": ["WE ARE CLOSED"]}, {"0": as_bytes(tone(11_025))})
    result = CliRunner().invoke(
        command, ["games", str(tmp_path), str(tmp_path / "out")], catch_exceptions=False
    )
    assert result.stdout.endswith("1 lines, 0.00 h, 1 speakers, 0 there already; dropped: none\n")


@pytest.mark.parametrize("damaged", [False, True])
def test_a_wrong_folder_and_a_damaged_game_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damaged: bool
) -> None:
    if damaged:
        path = write_game(tmp_path)
        path.write_bytes(path.read_bytes()[:100])
    assert main(["corpus", "games", str(tmp_path), str(tmp_path / "out")]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("stapes:")]
    sentence = (
        f"/{DRASCULA}: the file is damaged" if damaged else ": holds no game; flight-of-the-amazon-queen/"
    )
    assert len(told) == 1
    assert told[0].startswith(f"stapes: error: {tmp_path}{sentence}")


def test_help_tells_the_packages() -> None:
    text = CliRunner().invoke(command, ["games", "--help"]).output
    assert "apt install beneath-a-steel-sky flight-of-the-amazon-queen drascula" in text
    assert "stapes corpus games /usr/share/scummvm games" in text
