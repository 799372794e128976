"""Sessions of the C API tell the events of the reference; what they look at agrees."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stapes import Recognizer
from stapes import format as packed_format
from stapes.codec import Dense, Float32
from stapes.decode import Phrases
from stapes.engine import bundled_model
from stapes.features import WINDOW_SAMPLES, find_pitch
from stapes.session import Session, events
from tests.networks import random_integer_model

from .building import build
from .test_programs import needs_compiler

pytestmark = needs_compiler

RATE_HZ = 16_000
RECORDINGS = sorted((Path(__file__).parents[1] / "data" / "an4").glob("*.flac"))


@pytest.fixture(scope="module")
def random_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model, which has no end-pointer."""
    return random_integer_model(tmp_path_factory.mktemp("model"))


def conversation() -> NDArray[np.int16]:
    """Three recordings with pauses between them, one of which is too short to end an utterance."""
    noise = np.random.default_rng(0).normal(0, 1e-3, 2 * RATE_HZ)
    parts: list[NDArray[Any]] = [noise[:5000]]
    for path, pause_samples in zip(RECORDINGS[:3], (28_800, 4_000, 16_000), strict=True):
        parts += [soundfile.read(path)[0], noise[:pause_samples]]
    return np.clip(np.rint(np.concatenate(parts) * 32768), -32768, 32767).astype("<i2")


def noises() -> NDArray[np.int16]:
    """What a random model takes for words, loud and quiet."""
    rng = np.random.default_rng(1)
    loud = np.repeat([0.1, 0.001, 0.2, 0.0], [20_000, 30_000, 9_000, 20_003])
    return np.rint(rng.normal(0, 1, loud.size) * loud * 8192).astype("<i2")


def words(told: events.Speculative | events.Final) -> str:
    return "".join(
        f" {word.text} {word.start:.2f} {word.end:.2f} {word.confidence:.3f}"
        for word in told.transcript.words
    )


def line(told: events.Event) -> str:
    """An event as the example program prints it."""
    head = f"{told.utterance} {told.time:.2f} {type(told).__name__.lower()}"
    if isinstance(told, events.Partial):
        return f"{head}: {told.stable} | {told.text}"
    if isinstance(told, events.Speculative):
        return f"{head} {told.probability:.3f} from {told.begin:.2f}:{words(told)}"
    if isinstance(told, events.Final):
        return f"{head} ({told.reason}):{words(told)}"
    return head


def reference(
    path: Path, sound: NDArray[np.int16], point: str, beam: int, phrases: Sequence[str] = ()
) -> list[str]:
    session = Session(Recognizer(path, beam=beam), point, expected=[Phrases(phrases)] if phrases else [])
    told = session.accept((sound / 32768).astype(np.float32))
    return [line(each) for each in [*told, *session.finish()]]


def listen(*arguments: object, sound: bytes = b"") -> tuple[int, list[str], str]:
    """Status, events and error of the example, built with sanitizers."""
    command = [build("listen", "sanitized"), *map(str, arguments)]
    done = subprocess.run(command, input=sound, capture_output=True, timeout=100)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode().strip()


@pytest.mark.parametrize(("point", "beam"), [("fast", 4), ("normal", 8), ("patient", 1)])
def test_events_are_those_of_the_reference(point: str, beam: int) -> None:
    sound = conversation()
    expected = reference(bundled_model(), sound, point, beam)
    assert sum("confirmed" in told for told in expected) >= 2
    assert listen(bundled_model(), point, beam, sound=sound.tobytes()) == (0, expected, "")


def test_phrases_are_expected_in_every_utterance() -> None:
    sound, phrases = conversation(), ["enter to nine", "nine ate", "ate won"]
    plain = reference(bundled_model(), sound, "fast", 4)
    expected = reference(bundled_model(), sound, "fast", 4, phrases)
    assert expected != plain
    assert listen(bundled_model(), "fast", 4, *phrases, sound=sound.tobytes()) == (0, expected, "")


def test_without_an_endpointer_pauses_alone_end_utterances(tmp_path: Path) -> None:
    model = packed_format.read_lazily(bundled_model())
    without = {name: value for name, value in model.metadata.items() if name != "endpoint"}
    kept = [entry for entry in model.entries if not entry.name.startswith("endpoint.")]
    plain = {"coded": 0}
    tensors = {
        entry.name: (
            model.stored(entry.name),
            replace(entry.codec, **plain) if "coded" in entry.codec.parameters() else entry.codec,
        )
        for entry in kept
    }
    packed_format.write(tmp_path / "x.stapes", without, tensors)
    sound = conversation()
    expected = reference(tmp_path / "x.stapes", sound, "fast", 4)
    assert "(pause)" in " ".join(expected)
    assert listen(tmp_path / "x.stapes", "fast", 4, sound=sound.tobytes()) == (0, expected, "")


def test_events_of_a_random_model_are_those_of_the_reference(random_path: Path) -> None:
    sound = noises()
    assert listen(random_path, "normal", 4, sound=sound.tobytes()) == (
        0,
        reference(random_path, sound, "normal", 4),
        "",
    )


def test_pitch() -> None:
    rng = np.random.default_rng(0)
    speech = np.concatenate([soundfile.read(path, dtype="float32")[0] for path in RECORDINGS])
    windows = speech[: speech.size // WINDOW_SAMPLES * WINDOW_SAMPLES].reshape(-1, WINDOW_SAMPLES)
    times = np.arange(WINDOW_SAMPLES) / RATE_HZ
    tones = np.sin(2 * np.pi * np.array([[70.0], [123.4], [220.0], [399.0]]) * times)
    still = np.stack([np.zeros(WINDOW_SAMPLES), np.full(WINDOW_SAMPLES, 0.5)])
    every = np.concatenate([windows, tones, still, rng.normal(0, 0.1, still.shape)]).astype(np.float32)
    done = subprocess.run([build("pitch_tool", "sanitized")], input=every.tobytes(), capture_output=True)
    found = np.frombuffer(done.stdout).reshape(-1, 2)
    expected = np.array([(pitch.voicing, pitch.octaves) for pitch in map(find_pitch, every)])
    assert len(expected) > 200
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_what_is_refused(random_path: Path, tmp_path: Path) -> None:
    status, told, error = listen(random_path, "soon")
    assert (status, told) == (1, [])
    assert (
        error == "session: end-point setting 'soon' is not in the model; fast, normal, patient are accepted"
    )
    assert listen(random_path, "fast", 0)[2] == "session: beam is 0; 1 to 1000 is accepted"
    assert listen()[2] == "listen MODEL [ENDPOINT [BEAM [PHRASE...]]] < SAMPLES"


POINT = {"speculative": 0.5, "final": 0.9}


def endpoint(**changes: Any) -> dict[str, Any]:
    biases = {"completeness_bias": 0, "output_bias": 0.5}
    return {"kind": "endpointer", **biases, "points": {"fast": POINT}, **changes}


def calibration(**changes: Any) -> dict[str, Any]:
    return {"kind": "piecewise linear", "posteriors": [0, 0.5, 1], "confidences": [0.1, 0.2, 1], **changes}


@pytest.mark.parametrize(
    ("table", "value", "sentence"),
    [
        ("endpoint", endpoint(kind="x"), "endpoint: kind: 'endpointer' is expected, got 'x'"),
        ("endpoint", endpoint(points={}), "points: at least one operating point is expected, got none"),
        ("endpoint", endpoint(points=3), "endpoint: points: a table is expected"),
        ("endpoint", endpoint(more=3), "endpoint: unknown setting 'more'"),
        (
            "endpoint",
            endpoint(points={"fast": {**POINT, "final": 0.4}}),
            "points: fast: speculative, final: 0 < speculative <= final < 1 is expected, got 0.5 and 0.4",
        ),
        (
            "endpoint",
            endpoint(points={"fast": {**POINT, "longest_pause_ms": 200}}),
            "no_speech_ms and longest_ms are expected, got 120, 200, 8000 and 30000",
        ),
        ("endpoint", endpoint(), "end-pointer: tensor 'endpoint.completeness' is missing"),
        ("calibration", calibration(kind="x"), "calibration: kind: 'piecewise linear' is expected, got 'x'"),
        ("calibration", calibration(posteriors=[0, 1]), "2 to 64 of each are expected, got 2 and 3"),
        ("calibration", calibration(posteriors=[0, 0, 1]), "rising numbers from 0 to 1 are expected"),
        ("calibration", calibration(confidences=[0, 0.5, 0.2]), "that never fall are expected"),
    ],
)
def test_parts_of_a_model_that_are_refused(
    random_path: Path, tmp_path: Path, table: str, value: dict[str, Any], sentence: str
) -> None:
    rewrite(random_path, tmp_path / "x.stapes", {table: value}, {})
    status, _, error = listen(tmp_path / "x.stapes", "fast", 4)
    assert status == 1
    assert sentence in error


def test_tensors_of_another_shape_are_refused(random_path: Path, tmp_path: Path) -> None:
    tensors = {"endpoint.completeness": np.zeros((2, 2)), "endpoint.projection": np.zeros((2, 5))}
    rewrite(random_path, tmp_path / "x.stapes", {"endpoint": endpoint()}, tensors)
    error = listen(tmp_path / "x.stapes", "fast", 4)[2]
    assert "tensor 'endpoint.projection': shape [any, 11] is expected, got [2, 5]" in error


def rewrite(
    source: Path, target: Path, metadata: dict[str, Any], more: dict[str, NDArray[np.float64]]
) -> None:
    """A copy of the model at ``source`` with other ``metadata`` and ``more`` tensors."""
    model = packed_format.read(source)

    def codec(each: NDArray[Any]) -> Dense | Float32:
        return Float32() if each.ndim < 2 else Dense(8)

    tensors = {name: (tensor, codec(tensor)) for name, tensor in model.tensors.items()}
    tensors |= {name: (tensor.astype(np.float32), codec(tensor)) for name, tensor in more.items()}
    packed_format.write(target, {**model.metadata, **metadata}, tensors)
