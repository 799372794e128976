"""The native searches find what the reference finds: labels, frames, words, to the last bit or nearly."""

import json
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stapes.decode import BeamSearch, GreedySearch, Hypothesis, NGram, Scorer
from stapes.engine import Network, bundled_model
from tests.decode.scorers import JointScorer, numbered, random_frames, random_table

from .building import build
from .test_programs import needs_compiler

pytestmark = needs_compiler

RECORDINGS = sorted((Path(__file__).parents[1] / "data" / "an4").glob("*.flac"))
# Sums of the same 64-bit numbers in the same order; exp and log1p of two C libraries may differ in the last bit.
TOLERANCE = 1e-9


class Recorder:
    """Passes on what ``scorer`` gives for ``frames``, and keeps it; its frames are numbers."""

    def __init__(self, scorer: Scorer, frames: NDArray[np.float32]) -> None:
        self.vocabulary = scorer.vocabulary
        self.rows: dict[tuple[int, int, int], NDArray[np.float32]] = {}
        self._scorer, self._frames = scorer, frames

    def predict(self, contexts: NDArray[np.int64]) -> NDArray[np.float32]:
        return contexts.astype(np.float32)

    def join(self, frame: NDArray[np.float32], predictions: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.stack([self._row(int(frame[0]), *map(int, pair)) for pair in predictions])

    def _row(self, number: int, older: int, newer: int) -> NDArray[np.float32]:
        key = number, older, newer
        if key not in self.rows:
            prediction = self._scorer.predict(np.array([[older, newer]]))
            self.rows[key] = self._scorer.join(self._frames[number], prediction)[0].astype(np.float32)
        return self.rows[key]


def check_alike(
    folder: Path,
    scorer: Scorer,
    frames: NDArray[np.float32],
    beam: int,
    score_beam: float = 8.0,
    histories: int = 4,
    language_model: NGram | None = None,
    report: int = 1,
) -> list[Hypothesis]:
    """Both searches give the same results after every ``report`` frames; those of the reference."""
    recorder = Recorder(scorer, frames)
    expected = [] if language_model is None else [language_model]
    search = (
        BeamSearch(recorder, beam, score_beam, histories, expected=expected)
        if beam
        else GreedySearch(recorder)
    )
    state, results = search.init_state(), []
    for number, frame in enumerate(numbered(len(frames)), 1):
        state = search.advance(frame[np.newaxis], state)
        if number % report == 0 or number == len(frames):
            results.append(search.result(state))
    settings = {
        "vocabulary": list(scorer.vocabulary),
        "frames": len(frames),
        "report": report,
        "beam": beam,
        "score_beam": None if math.isinf(score_beam) else score_beam,
        "histories": histories,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    places = np.array(list(recorder.rows), np.int32)
    rows = np.stack(list(recorder.rows.values()))
    (folder / "rows").write_bytes(np.hstack([places.view(np.float32), rows]).tobytes())
    models = [] if language_model is None else [bundled_model()]
    program = build("search_tool", "sanitized")
    done = subprocess.run(
        [program, folder / "settings.json", folder / "rows", *models],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert len(lines) == len(results)
    for line, result in zip(lines, results, strict=True):
        check_same(line.split("\t"), result)
    return results


def check_same(fields: Sequence[str], result: Hypothesis) -> None:
    labels, frames, log_prob, stable, *words = fields
    assert [int(label) for label in labels.split(",")[:-1]] == list(result.labels)
    assert [int(frame) for frame in frames.split(",")[:-1]] == list(result.frames)
    assert float(log_prob) == pytest.approx(result.log_prob, rel=TOLERANCE, abs=TOLERANCE)
    assert int(stable) == result.stable_labels
    assert len(words) == len(result.words)
    for given, word in zip(words, result.words, strict=True):
        text, start, end, confidence, labels_end = given.split(" ")
        assert (text, int(start), int(end), int(labels_end)) == (
            word.text,
            word.start_frame,
            word.end_frame,
            word.labels_end,
        )
        assert float(confidence) == pytest.approx(word.confidence, rel=TOLERANCE, abs=TOLERANCE)


@pytest.mark.parametrize("beam", [0, 1, 2, 5, 16])
@pytest.mark.parametrize("sparse", [False, True])
def test_random_tables(beam: int, sparse: bool, tmp_path: Path) -> None:
    for seed in range(4):
        check_alike(tmp_path, random_table(seed, 10, sparse), numbered(12), beam, score_beam=math.inf)


@pytest.mark.parametrize("histories", [1, 2, 8])
def test_histories(histories: int, tmp_path: Path) -> None:
    for seed in range(3):
        check_alike(tmp_path, random_table(seed, 6, False), numbered(14), 8, 6.0, histories)


def test_long_random_network(tmp_path: Path) -> None:
    """Long enough for what no history reaches any more to be left out."""
    frames = random_frames(1, 600)
    results = check_alike(tmp_path, JointScorer(1, blank=1.0), frames, 8, report=50)
    assert results[-1].stable_labels > 100


@pytest.fixture(scope="module")
def network() -> Network:
    return Network.load()


@pytest.mark.parametrize("beam", [0, 4, 16])
@pytest.mark.parametrize("path", RECORDINGS[:2], ids=lambda path: path.stem)
def test_real_sound(beam: int, path: Path, network: Network, tmp_path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    frames, state = network.accept(samples, network.init_state())
    frames = np.concatenate([frames, network.flush(state)[0]])
    tables = network.language_model
    language_model = NGram(tables) if beam and tables is not None else None
    results = check_alike(tmp_path, network, frames, beam, language_model=language_model, report=20)
    assert results[-1].words
