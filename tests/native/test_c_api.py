"""The C API and the example program: words, times and errors, the same as those of the reference."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stapes.decode import BeamSearch, GreedySearch, InternalLanguageModel, NGram, Word
from stapes.engine import IntegerNetwork, bundled_model
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


def reference(path: Path, beam: int, samples: np.ndarray) -> tuple[list[Word], float]:
    """The words that the reference hears, without calibration, and the distance between frames in seconds."""
    network = IntegerNetwork.load(path)
    tables = network.language_model
    expected = (
        [] if tables is None else [NGram(tables), InternalLanguageModel(network, tables.internal_scale)]
    )
    search = GreedySearch(network) if beam == 1 else BeamSearch(network, beam, expected=expected)
    heard, state = network.accept(samples, network.init_state())
    frames = np.concatenate([heard, network.flush(state)[0]])
    return list(search.result(search.advance(frames, search.init_state())).words), network.frame_ms / 1000


@pytest.mark.parametrize("beam", [1, 8])
@pytest.mark.parametrize("path", [None, BUNDLED])
def test_the_example_hears_what_the_reference_hears(path: Path | None, beam: int, random_model: Path) -> None:
    samples, rate_hz = soundfile.read(RECORDING, dtype="float32")
    sound = (samples * 32768).astype("<i2").tobytes()
    status, output, error = transcribe(path or random_model, beam, sound=sound)
    assert (status, error) == (0, "")
    words, frame_seconds = reference(path or random_model, beam, samples)
    assert words
    lines = output.splitlines()
    assert len(lines) == len(words)
    duration = len(samples) / rate_hz
    for line, word in zip(lines, words, strict=True):
        text, start, end, confidence = line.split(" ")
        assert text == word.text
        assert start == f"{min(word.start_frame * frame_seconds, duration):.2f}"
        assert end == f"{min(word.end_frame * frame_seconds, duration):.2f}"
        assert float(confidence) == pytest.approx(word.confidence, abs=6e-4)


def test_answers_to_careless_programs(random_model: Path) -> None:
    program = build("c_api_tool", "sanitized")
    done = subprocess.run([program, random_model], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_tells_errors(tmp_path: Path) -> None:
    path = tmp_path / "none.stapes"
    assert transcribe(path) == (1, "", f"{path}: no such file; a packed model (.stapes) is expected")
    assert transcribe() == (2, "", "transcribe MODEL [BEAM] < SAMPLES")
