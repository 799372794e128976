"""The C API and the example program: words, times and errors, the same as those of the reference."""

import subprocess
from pathlib import Path

import pytest
import soundfile

from stapes import Recognizer
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
    done = subprocess.run([program, random_model], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_tells_errors(tmp_path: Path) -> None:
    path = tmp_path / "none.stapes"
    assert transcribe(path) == (1, "", f"{path}: no such file; a packed model (.stapes) is expected")
    assert transcribe() == (2, "", "transcribe MODEL [BEAM] < SAMPLES")
