"""The verb listen, with a session that is told what to tell."""

import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stapes.audio import AudioWarning
from stapes.cli import main
from stapes.cli.live import CLEAR_LINE
from stapes.errors import AudioError
from stapes.lattice import Lattice
from stapes.session import Confirmed, Event, Final, Partial, Reason, Reset, Revised, Speculative, Transcript

GO = Transcript("go", (), 0.4)
GO_ON = Transcript("go on", (), 0.8)
NOTHING = Lattice((0,), ())
# What is told after each block of 100 ms.
SCRIPT: list[list[Event]] = [
    [Partial(0, 0.1, "go", "")],
    [Speculative(0, 0.2, GO, 0.6, NOTHING, 0.0)],
    [Reset(0, 0.3), Partial(0, 0.3, "go on", "go")],
    [Revised(0, 0.4, GO_ON, 0.7, NOTHING, 0.0)],
    [Confirmed(0, 0.5), Final(0, 0.5, GO_ON, Reason.ENDPOINT)],
    [Final(1, 0.6, Transcript("", (), 0.6), Reason.NO_SPEECH)],
]
LAST: list[Event] = [Partial(2, 0.7, "stop", ""), Final(2, 0.7, Transcript("stop", (), 0.7), Reason.CLOSED)]


class ScriptedSession:
    made_with: tuple[Any, ...] = ()
    expected: Sequence[Any] = ()

    def __init__(self, *arguments: Any, expected: Sequence[Any]) -> None:
        ScriptedSession.made_with = arguments
        ScriptedSession.expected = expected
        self.script = iter(SCRIPT)

    def accept(self, samples: NDArray[np.float32]) -> list[Event]:
        return next(self.script, [])

    def finish(self) -> list[Event]:
        return LAST


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stapes.session.Session", ScriptedSession)
    monkeypatch.setattr("stapes.session.Recognizer", lambda model: f"recogniser of {model}")


class Hall:
    """A microphone: blocks of 100 ms, and then what happens."""

    def __init__(self, blocks: int, then: type[BaseException]) -> None:
        self.blocks = blocks
        self.then = then

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for _ in range(self.blocks):
            yield np.zeros(1_600, np.float32)
        raise self.then


def test_listen_until_ctrl_c(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stapes.audio.Microphone", lambda: Hall(6, KeyboardInterrupt))
    assert main(["listen", "--model", "my.stapes", "--endpoint", "fast"]) == 130
    assert capsys.readouterr().out == "go on\nstop\n"
    assert ScriptedSession.made_with == ("recogniser of my.stapes", "fast")


def test_words_grow_on_a_terminal(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stapes.audio.Microphone", lambda: Hall(6, KeyboardInterrupt))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    main(["listen"])
    shown = capsys.readouterr().out.replace(CLEAR_LINE, "|").splitlines()
    assert shown == ["|go|go …?|go on|go on …?|go on", "|stop|stop"]


def test_a_file_as_json(tmp_path: Path, capsys: Any) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(6 * 1_600), 16_000)
    assert main(["listen", "--file", str(tmp_path / "a.wav"), "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = ["partial", "speculative", "reset", "partial", "revised", "confirmed", "final", "final"]
    assert [event["event"] for event in events] == [*kinds, "partial", "final"]
    assert ScriptedSession.made_with[1] == "normal"


def test_the_end_of_a_file_is_missing(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(6 * 1_600), 16_000)
    path.write_bytes(path.read_bytes()[:-3_200])
    assert main(["listen", "--file", str(path)]) == 0
    assert "a.wav: the recording is cut off or damaged after 0.5" in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys: Any) -> None:
    assert main(["listen", "--file", "nothing.wav"]) == 2
    assert capsys.readouterr().err == "stapes: error: nothing.wav: no such file\n"


def test_lost_sound_is_a_warning(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def microphone() -> Iterator[NDArray[np.float32]]:
        for _ in range(2):
            warnings.warn("microphone: sound was lost", AudioWarning, stacklevel=1)
            yield np.zeros(1_600, np.float32)

    monkeypatch.setattr("stapes.audio.Microphone", microphone)
    assert main(["listen"]) == 0
    assert capsys.readouterr().err == "stapes: warning: microphone: sound was lost\n" * 2


def test_listen_without_a_microphone(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def microphone() -> None:
        raise AudioError("microphone: no input device can be opened (none); connect one")

    monkeypatch.setattr("stapes.audio.Microphone", microphone)
    assert main(["listen"]) == 2
    expected = "stapes: error: microphone: no input device can be opened (none); connect one\n"
    assert capsys.readouterr() == ("", expected)


def test_listen_without_the_package(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["listen"]) == 2
    expected = (
        "stapes: error: The microphone needs the package sounddevice: pip install 'stapes[microphone]'\n"
    )
    assert capsys.readouterr() == ("", expected)


def test_phrases_and_classes_reach_the_session(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "home.txt").write_text("call @contact\ncall 911\n")
    (tmp_path / "names.txt").write_text("nguyen\n")
    soundfile.write(tmp_path / "a.wav", np.zeros(1600), 16_000)
    arguments = ["--phrases", str(tmp_path / "home.txt"), "--class", f"contact={tmp_path / 'names.txt'}"]
    assert main(["listen", "--file", str(tmp_path / "a.wav"), *arguments]) == 0
    [phrases] = ScriptedSession.expected
    assert len(phrases.problems) == 1
    assert "911" in capsys.readouterr().err


def test_a_class_without_a_file_is_told(tmp_path: Path, capsys: Any) -> None:
    assert main(["listen", "--class", "contact"]) == 2
    assert "--class contact: NAME=FILE is expected, such as contact=names.txt" in capsys.readouterr().err
