"""The C API and the example program: words, times and errors, the same as those of the reference."""

import subprocess
from pathlib import Path

import pytest
import soundfile

from stapes import Recognizer, lattice
from stapes.decode import Phrases
from stapes.engine import bundled_model
from tests.networks import random_integer_model

from .building import build
from .test_programs import needs_compiler

pytestmark = needs_compiler

RECORDING = Path(__file__).parents[1] / "data" / "an4" / "an391-mjwl-b.flac"
BUNDLED = pytest.param(bundled_model(), id="bundled")


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_integer_model(tmp_path_factory.mktemp("model"))


def transcribe(*arguments: object, sound: bytes = b"") -> tuple[int, str, str]:
    """Status, output and last error line of the example, built with sanitizers."""
    program = build("transcribe", "sanitized")
    done = subprocess.run([program, *map(str, arguments)], input=sound, capture_output=True, timeout=100)
    return done.returncode, done.stdout.decode(), done.stderr.decode().rsplit("\r", 1)[-1].strip()


@pytest.mark.parametrize("beam", [1, 8])
@pytest.mark.parametrize("path", [None, BUNDLED])
def test_the_example_hears_what_the_reference_hears(path: Path | None, beam: int, random_model: Path) -> None:
    samples, _ = soundfile.read(RECORDING, dtype="float32")
    sound = (samples * 32768).astype("<i2").tobytes()
    status, output, error = transcribe(path or random_model, beam, sound=sound)
    assert (status, error) == (0, "")
    words = Recognizer(path or random_model, beam=beam).transcribe(samples).words
    assert words
    expected = [f"{word.text} {word.start:.2f} {word.end:.2f} {word.confidence:.3f}" for word in words]
    assert output.splitlines() == expected


def test_answers_to_careless_programs(random_model: Path) -> None:
    program = build("c_api_tool", "sanitized")
    done = subprocess.run(
        [program, random_model, bundled_model()], capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_tells_errors(tmp_path: Path) -> None:
    path = tmp_path / "none.stapes"
    assert transcribe(path) == (1, "", f"{path}: no such file; a packed model (.stapes) is expected")
    assert transcribe() == (2, "", "transcribe MODEL [BEAM] < SAMPLES")


def expect(*arguments: object, sound: bytes = b"") -> tuple[int, str, str]:
    """Status, output and error of the example of phrases, built with sanitizers."""
    command = [build("expect", "sanitized"), *map(str, arguments)]
    done = subprocess.run(command, input=sound, capture_output=True, timeout=100)
    return done.returncode, done.stdout.decode(), done.stderr.decode().strip()


@pytest.mark.parametrize(
    ("phrases", "names"),
    [
        ([], None),
        (["inter tune", "Eight One-to"], None),
        (["@digit @digit", "enter, @digit"], ["Two", "nine-ate", "o’nine", "one"]),
    ],
    ids=["none", "phrases", "a class"],
)
def test_phrases_and_lattice_are_those_of_the_reference(
    phrases: list[str], names: list[str] | None, tmp_path: Path
) -> None:
    samples, _ = soundfile.read(RECORDING, dtype="float32")
    classes = {} if names is None else {"digit": names}
    stream = Recognizer(beam=8).stream(expected=[Phrases(phrases, classes)]).accept(samples)
    given = [*phrases, *(f"@{name}={','.join(each)}" for name, each in classes.items())]
    sound = (samples * 32768).astype("<i2").tobytes()
    heard = expect(bundled_model(), tmp_path / "x.lattice", *given, sound=sound)
    assert heard == (0, f"{stream.finish().text}\n", "")
    assert (tmp_path / "x.lattice").read_bytes() == lattice.to_bytes(stream.lattice)


def test_phrases_change_what_is_heard(tmp_path: Path) -> None:
    samples, _ = soundfile.read(RECORDING, dtype="float32")
    sound = (samples * 32768).astype("<i2").tobytes()
    lattices = []
    for phrases in ([], ["enter too nigh"]):
        assert expect(bundled_model(), tmp_path / "x", *phrases, sound=sound)[0] == 0
        lattices.append((tmp_path / "x").read_bytes())
    assert lattices[0] != lattices[1]


def test_the_example_tells_what_it_cannot_listen_for(tmp_path: Path) -> None:
    status, _, error = expect(bundled_model(), tmp_path / "x", "call 9")
    assert status == 1
    assert error == "phrases: 'call 9' holds '9'; a to z, apostrophes, blanks and punctuation are accepted"
    assert expect()[0] == 2
