"""The door of the command line, and its verb transcribe, with a recogniser that counts."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import stapes.cli
from stapes.cli import DEFAULT_BEAM, main
from stapes.cli.live import LiveLine
from stapes.errors import FormatError
from stapes.lattice import Arc, Lattice, from_bytes, from_json
from stapes.session import Transcript, Word

COUNT = ("one", "two", "three", "four", "five", "six")


class CountingStream:
    """Hears the next number after each half second of sound, and «end» when it is finished."""

    def __init__(self) -> None:
        self.samples = 0
        self.is_finished = False

    def accept(self, samples: NDArray[np.float32]) -> "CountingStream":
        self.samples += samples.size
        return self

    @property
    def partial(self) -> Transcript:
        texts = [*COUNT[: self.samples // 8_000], *(["end"] if self.is_finished else [])]
        words = tuple(Word(text, index / 2, index / 2 + 1 / 3, 0.98765) for index, text in enumerate(texts))
        return Transcript(" ".join(texts), words, self.samples / 16_000)

    def finish(self) -> Transcript:
        self.is_finished = True
        return self.partial

    @property
    def lattice(self) -> Lattice:
        assert self.is_finished
        arcs = [Arc(0, 1, "one", 3, 9, -0.1), Arc(0, 1, "won", 3, 9, -3.0), Arc(0, 1, "on", 3, 9, -6.0)]
        return Lattice((0, 9), tuple(arcs))


class CountingRecognizer:
    made_with: tuple[Any, ...] = ()
    expected: tuple[Any, ...] = ()

    def __init__(self, *arguments: Any) -> None:
        CountingRecognizer.made_with = arguments

    def stream(self, expected: Any = (), grammar: None = None) -> CountingStream:
        CountingRecognizer.expected = tuple(expected)
        return CountingStream()


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stapes.session.Recognizer", CountingRecognizer)


@pytest.fixture
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording of one second, in the current folder."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", np.zeros(16_000), 16_000)
    return Path("a.wav")


def pretend_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output, as captured in the test, becomes a terminal with room for 19 characters."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")


def test_one_file_gives_its_words(second: Path, capsys: Any) -> None:
    assert main(["transcribe", "a.wav"]) == 0
    assert capsys.readouterr() == ("one two end\n", "")
    assert CountingRecognizer.made_with == (None, DEFAULT_BEAM)


def test_model_and_beam_reach_the_recognizer(second: Path, capsys: Any) -> None:
    assert main(["transcribe", "a.wav", "--model", "my.stapes", "--beam", "9"]) == 0
    assert CountingRecognizer.made_with == (Path("my.stapes"), 9)


def test_several_files_have_their_names_in_front(second: Path, capsys: Any) -> None:
    soundfile.write("b.flac", np.zeros((24_000, 2)), 48_000)
    assert main(["transcribe", "a.wav", "b.flac"]) == 0
    assert capsys.readouterr() == ("a.wav: one two end\nb.flac: one end\n", "")


def test_json(second: Path, capsys: Any) -> None:
    assert main(["transcribe", "a.wav", "--json"]) == 0
    line, rest = capsys.readouterr().out.split("\n")
    assert rest == ""
    assert json.loads(line) == {
        "file": "a.wav",
        "text": "one two end",
        "duration": 1.0,
        "words": [["one", 0.0, 0.333, 0.988], ["two", 0.5, 0.833, 0.988], ["end", 1.0, 1.333, 0.988]],
    }


def test_json_while_it_grows(second: Path, capsys: Any) -> None:
    assert main(["transcribe", "a.wav", "--json", "--stream"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["text"], line["final"]) for line in lines] == [
        ("one", False),
        ("one two", False),
        ("one two end", True),
    ]


def test_stream_writes_a_line_for_each_change(second: Path, capsys: Any) -> None:
    assert main(["transcribe", "a.wav", "--stream"]) == 0
    assert capsys.readouterr().out == "one\none two\none two end\n"


def test_stream_rewrites_the_line_of_a_terminal(
    second: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_terminal(monkeypatch)
    soundfile.write("b.wav", np.zeros(24_000), 16_000)
    assert main(["transcribe", "a.wav", "b.wav", "--stream"]) == 0
    assert capsys.readouterr().out.replace("\r\x1b[K", "<") == (
        "<a.wav: one<a.wav: one two<a.wav: one two end\n"
        "<b.wav: one<b.wav: one two<.wav: one two three<b.wav: one two three end\n"
    )


def test_a_last_result_that_changes_nothing_is_not_repeated(capsys: Any) -> None:
    line = LiveLine("a: ")
    line.show("go")
    line.finish("go")
    line.finish("stop")
    assert capsys.readouterr().out == "a: go\na: stop\n"


def test_a_bad_file_is_reported_and_the_others_are_done(second: Path, capsys: Any) -> None:
    Path("empty.wav").touch()
    assert main(["transcribe", "missing.wav", "a.wav", "empty.wav", "a.wav"]) == 2
    assert capsys.readouterr() == (
        "a.wav: one two end\na.wav: one two end\n",
        "stapes: error: missing.wav: no such file\nstapes: error: empty.wav: the file is empty (0 bytes)\n",
    )


def test_a_file_that_turns_bad_leaves_the_line(
    second: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_terminal(monkeypatch)
    samples = np.zeros(16_000)
    samples[-1] = np.nan
    soundfile.write("nan.wav", samples, 16_000, subtype="FLOAT")
    assert main(["transcribe", "nan.wav", "--stream"]) == 2
    out, err = capsys.readouterr()
    assert out.endswith("one\n")
    assert (
        err
        == "stapes: error: nan.wav: holds samples that are NaN or infinite; only finite samples are sound\n"
    )


def test_cut_off_data_is_transcribed_with_a_warning(second: Path, capsys: Any) -> None:
    second.write_bytes(second.read_bytes()[:-8_000])
    assert main(["transcribe", "a.wav"]) == 0
    assert capsys.readouterr() == (
        "one end\n",
        "stapes: warning: a.wav: the recording is cut off or damaged after 0.75 s; the rest is missing\n",
    )


def test_a_cut_mp3_gives_one_sentence_and_no_chatter_of_the_decoder(second: Path, capfd: Any) -> None:
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, 80_000)
    soundfile.write("a.mp3", noise, 16_000)
    Path("a.mp3").write_bytes(Path("a.mp3").read_bytes()[:12_000])
    assert main(["transcribe", "a.mp3"]) == 0
    assert re.fullmatch(
        r"stapes: warning: a\.mp3: the recording is cut off or damaged after \d\.\d\d s; the rest .*\n",
        capfd.readouterr().err,
    )


def test_a_bad_model_ends_it_all(second: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise FormatError("my.stapes: no packed model")

    monkeypatch.setattr("stapes.session.Recognizer", refuse)
    assert main(["transcribe", "a.wav", "--model", "my.stapes"]) == 2
    assert capsys.readouterr() == ("", "stapes: error: my.stapes: no packed model\n")


def test_ctrl_c_is_quiet(second: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stapes.session.Recognizer", interrupt)
    assert main(["transcribe", "a.wav"]) == 130
    out, err = capsys.readouterr()
    assert (out + err).strip() == ""


@pytest.mark.parametrize("arguments", [["hear"], ["transcribe"], ["transcribe", "a.wav", "--beam", "0"]])
def test_wrong_usage(arguments: list[str], capsys: Any) -> None:
    assert main(arguments) == 2
    assert "Usage: stapes" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["transcribe", "listen"])
def test_help_has_examples(verb: str, capsys: Any) -> None:
    assert main([verb, "-h"]) == 0
    assert (
        f"Examples:\n    {'pip' if verb == 'listen' else 'stapes transcribe command.wav'}"
        in capsys.readouterr().out
    )


def test_every_verb_can_be_imported(capsys: Any) -> None:
    assert main(["--help"]) == 0
    listing = capsys.readouterr().out
    assert all(f"\n  {verb} " in listing for verb in stapes.cli.VERBS)
    assert "...\n" not in listing.partition("Commands:")[2]


@pytest.mark.parametrize(("wanted", "expected"), [(None, "1"), ("3", "3")])
def test_numpy_gets_one_thread_unless_more_are_asked_for(
    wanted: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", wanted or "")
    if wanted is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    assert main(["--help"]) == 0
    assert os.environ["OPENBLAS_NUM_THREADS"] == expected


def test_the_door_imports_nothing_heavy() -> None:
    code = (
        "import sys, stapes.cli, stapes.cli.transcribe, stapes.cli.listen\n"
        "print(sorted({'numpy', 'soundfile', 'soxr', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_lattice_is_written_as_json_or_in_its_wire_form(second: Path, capsys: Any) -> None:
    assert main(["transcribe", "a.wav", "--lattice", "a.json"]) == 0
    assert main(["transcribe", "a.wav", "--lattice", "a.lattice"]) == 0
    assert capsys.readouterr() == ("one two end\n" * 2, "")
    exact, quantised = from_json(Path("a.json").read_text()), from_bytes(Path("a.lattice").read_bytes())
    assert [arc.word for arc in exact.arcs] == [arc.word for arc in quantised.arcs] == ["on", "one", "won"]
    assert sorted(map(str, Path().iterdir())) == ["a.json", "a.lattice", "a.wav"]


def test_a_drawing_shows_what_is_probable(second: Path) -> None:
    assert main(["transcribe", "a.wav", "--lattice", "a.svg"]) == 0
    drawing = Path("a.svg").read_text()
    assert drawing.startswith("<svg") and ">one " in drawing and ">won " in drawing and ">on " not in drawing


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.wav", "a.wav", "--lattice", "a.svg"], "--lattice: one recording is expected, 2 are given"),
        (
            ["a.wav", "--lattice", "a.png"],
            "--lattice a.png: a name that ends in .svg, .json, .lattice is expected",
        ),
        (["a.wav", "--lattice", "x/a.svg"], "--lattice x/a.svg: the folder x is not there"),
    ],
)
def test_a_lattice_that_cannot_be_written_is_refused_before_anything_is_heard(
    arguments: list[str], sentence: str, second: Path, capsys: Any
) -> None:
    assert main(["transcribe", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err
    assert list(Path().iterdir()) == [Path("a.wav")]


def test_a_lattice_that_fails_to_be_written_is_an_error(second: Path, capsys: Any) -> None:
    assert main(["transcribe", "a.wav", "--lattice", f"{'a' * 300}.svg"]) == 2
    assert "a.svg: cannot be written: File name too long" in capsys.readouterr().err


def test_phrases_and_classes_are_read_and_what_is_wrong_with_them_is_told(
    second: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("home.txt").write_text("call @contact\nroom 7\n")
    Path("names.txt").write_text("nguyen\n")
    assert main(["transcribe", "a.wav", "--phrases", "home.txt", "--class", "contact=names.txt"]) == 0
    (phrases,) = CountingRecognizer.expected
    assert len(phrases) == 1
    told = "stapes: warning: phrases: 'room 7' holds the digit '7'; an alias that spells it out is expected\n"
    assert capsys.readouterr().err == told


def test_a_class_without_its_file_is_refused(second: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", "a.wav", "--class", "contact"]) == 2
    assert "--class contact: NAME=FILE is expected, such as contact=names.txt" in capsys.readouterr().err
