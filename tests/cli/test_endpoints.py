"""The verb endpoints: a model learns from a folder of recordings when its user has finished."""

from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

import stapes.format
from stapes.cli import endpoints, main
from stapes.cli.processes import spread
from stapes.corpus import Utterance, write_manifest
from stapes.corpus.streams import SpokenStream, StreamConfig
from stapes.session import Moment, Recognizer, Session
from stapes.train.endpoints import EndpointTraining
from tests.networks import random_integer_model, random_model

RATE_HZ = 16_000


@pytest.fixture
def data(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recordings to which little is fitted."""
    monkeypatch.setattr(endpoints, "FOLDS", 2)
    few = partial(EndpointTraining, components=3, projected=1, hidden=2, epochs=1)
    monkeypatch.setattr("stapes.train.endpoints.EndpointTraining", few)
    monkeypatch.setattr(endpoints, "TAIL_S", 0.3)
    monkeypatch.setattr("stapes.corpus.streams.StreamConfig", partial(StreamConfig, lead_s_range=(0.1, 0.1)))
    return recordings


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Twenty-two recordings of noise in bursts."""
    utterances = []
    for index in range(22):
        rng = np.random.default_rng(index)
        level = np.repeat(rng.choice([0.001, 0.3], 6), RATE_HZ // 10)
        path = tmp_path / "audio" / f"{index}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, level * rng.standard_normal(len(level)), RATE_HZ)
        text = f"w{index % 10} w{index // 10}" if index % 2 else f"w{index % 10}"
        utterances.append(Utterance(str(index), path, text, 0.6, set="a"))
    write_manifest(tmp_path / "train.jsonl", utterances)
    return tmp_path


def test_a_model_gets_an_end_pointer(data: Path, capsys: Any) -> None:
    (data / "text.txt").write_text("w1 w2 w3\nw4 w5\n")
    model, _ = random_model(data)
    before = stapes.format.read(model)
    arguments = ["endpoints", str(model), "--data", str(data), "--streams", "20"]
    assert main([*arguments, "--out", str(data / "one.stapes")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told] == ["fast", "normal", "patient"]
    assert all("early " in line and "confirmed " in line for line in told)

    after = stapes.format.read(data / "one.stapes")
    assert all(np.array_equal(after.tensors[name], before.tensors[name]) for name in before.tensors)
    assert {name for name in after.metadata if name not in before.metadata} == {"endpoint"}
    points = after.metadata["endpoint"]["points"]
    assert [points[name]["longest_pause_ms"] for name in ("fast", "normal", "patient")] == [1500, 1600, 3000]
    assert [points[name]["least_pause_ms"] for name in ("fast", "normal", "patient")] == [120, 300, 560]
    assert all(10 <= point["measured"]["utterances"] <= 20 for point in points.values())
    assert Session(Recognizer(data / "one.stapes"), endpoint="fast").finish()


def test_sentences_that_are_only_written_count(data: Path) -> None:
    heard = [Utterance("1", data / "1.wav", "w1 w0", 0.6)]
    without, _ = endpoints._completeness(endpoints._beginnings(data), heard)
    (data / "text.txt").write_text("call me later\n")
    written, _ = endpoints._completeness(endpoints._beginnings(data), heard)
    buckets = np.flatnonzero((written != 0) & (without == 0))
    from stapes.decode import text_features

    assert set(text_features(["call", "me", "later"], endpoints.BUCKETS)) & set(buckets.tolist())


def test_what_is_heard_is_not_read(data: Path) -> None:
    from stapes.decode import text_features

    utterances = [Utterance("1", data / "1.wav", "w1 w0", 0.6)]
    read = endpoints._beginnings(data)
    with_it, _ = endpoints._completeness(read, [])
    without_it, _ = endpoints._completeness(read, utterances)
    pair = text_features(["w1", "w0"], endpoints.BUCKETS)[1]
    assert with_it[pair] != 0
    assert without_it[pair] == 0


def test_a_word_that_is_often_said_alone_is_complete(data: Path) -> None:
    from stapes.decode import Completeness

    (data / "text.txt").write_text("stop w1\nstop w2\nstop w3\nhelp w1\nhelp w2\nhelp w3\nstop\nhelp\n")
    often = [Utterance(str(index), data / "1.wav", "stop", 0.6) for index in range(9)]
    write_manifest(data / "train.jsonl", [*often, Utterance("9", data / "1.wav", "help", 0.6)])
    completeness = Completeness(*endpoints._completeness(endpoints._beginnings(data), []))
    assert completeness.log_odds(["stop"]) > 0 > completeness.log_odds(["help"])


def test_sentences_are_drawn_more_often_than_single_words(data: Path) -> None:
    drawn = endpoints._choose(data, 11, seed=1)
    assert sum(" " in utterance.text for utterance in drawn) >= 8
    assert drawn == endpoints._choose(data, 11, seed=1)


def test_sets_are_drawn_alike_and_small_ones_several_times(data: Path) -> None:
    def said(name: str, count: int) -> list[Utterance]:
        return [Utterance(f"{name}{index}", data / "1.wav", "go on", 0.6, set=name) for index in range(count)]

    write_manifest(data / "train.jsonl", [*said("few", 20), *said("many", 400)])
    drawn = Counter(utterance.id for utterance in endpoints._choose(data, 80, seed=0))
    few = {name: times for name, times in drawn.items() if name.startswith("few")}
    assert 25 <= sum(few.values()) <= 50
    assert max(few.values()) == endpoints.MOST_DRAWS


def test_streams_do_not_know_their_own_text(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched: dict[str, Any] = {}

    def rehearse(_: Any, endpointer: Any, samples: Any) -> list[Moment]:
        watched[len(watched)] = endpointer._completeness._weights
        return []

    monkeypatch.setattr("stapes.session.rehearse", rehearse)
    model, _ = random_model(data)
    chosen = endpoints._choose(data, 20, seed=0)
    tables = [(np.full(256, fold, np.float32), 0.0) for fold in (0, 1)]
    listener = endpoints.Listener(model, tables, chosen, seed=0)
    assert [listener(index) for index in range(20)] == [None] * 20
    assert {endpoints._fold(utterance, 2) for utterance in chosen} == {0, 1}
    assert [watched[index][0] for index in range(20)] == [
        endpoints._fold(utterance, 2) for utterance in chosen
    ]


def test_several_processes_observe_the_same(recordings: Path) -> None:
    model = random_integer_model(recordings)
    chosen = endpoints._choose(recordings, 4, seed=0)
    tables = [(np.full(256, fold, np.float32), 0.0) for fold in (0, 1)]
    listener = endpoints.Listener(model, tables, chosen, seed=0)
    with spread(listener, range(4), 1) as alone, spread(listener, range(4), 2) as together:
        for one, other in zip(alone, together, strict=True):
            assert one is not None
            assert other is not None
            assert [moment.endpoint.best for moment in one[1]] == [
                moment.endpoint.best for moment in other[1]
            ]
            np.testing.assert_array_equal(one[2].inputs, other[2].inputs)


def test_where_no_word_comes_the_user_may_be_in_a_pause() -> None:
    def moment(**counts: int) -> Moment:
        state = {"observed": np.ones(2, np.float32), "words": ("go",), "hushed_frames": 0, "run_frames": 1}
        return Moment(1.0, SimpleNamespace(**{**state, **counts}))

    stream = SpokenStream(np.zeros(1, np.float32), 0, RATE_HZ, ())
    counts = [{}, {"hushed_frames": 1}, {"hushed_frames": 2}, {"run_frames": 11}, {"run_frames": 12}]
    observed = endpoints._observed(stream, [moment(**each) for each in counts])
    assert observed.hushed.tolist() == [False, False, True, False, True]


@pytest.mark.parametrize(
    ("text", "pauses", "weight"),
    [("stop", 0, 1.0), ("go on", 0, 2.0), ("go on", 1, 0.85 / 0.9), ("go on", 2, 0.25)],
)
def test_streams_count_by_how_usual_they_are(text: str, pauses: int, weight: float) -> None:
    utterance = Utterance("1", Path("1.wav"), text, 1.0)
    stream = SpokenStream(np.zeros(1, np.float32), 0, 1, ((0, 1),) * pauses)
    assert endpoints._weight(utterance, stream) == pytest.approx(weight)


@pytest.mark.parametrize(("run_frames", "ends"), [(15, True), (16, False)])
def test_streams_whose_last_word_was_missed_are_left_out(run_frames: int, ends: bool) -> None:
    stream = SpokenStream(np.zeros(3 * RATE_HZ, np.float32), 0, RATE_HZ, ())
    heard = [(0.5, 3), (1.0, run_frames), (1.5, 1)]
    moments = [Moment(seconds, SimpleNamespace(run_frames=frames)) for seconds, frames in heard]
    assert endpoints._ends_with_its_words(Utterance("1", Path("1.wav"), "go", 1.0), stream, moments) is ends


def test_nothing_is_heard(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(endpoints, "LONGEST_RUN_FRAMES", -1)
    model, _ = random_model(data)
    (data / "text.txt").write_text("w1 w2 w3\nw4 w5\n")
    arguments = ["endpoints", str(model), "--data", str(data), "--out", str(model), "--streams", "20"]
    assert main(arguments) == 2
    assert capsys.readouterr().err.endswith(
        "in 0 of 20 streams something is heard near the end; at least 10 are expected\n"
    )


def test_no_sentence_is_left(data: Path, capsys: Any) -> None:
    model, _ = random_model(data)
    write_manifest(
        data / "train.jsonl", [Utterance(str(at), data / "1.wav", f"w{at}", 0.6) for at in range(9)]
    )
    arguments = ["endpoints", str(model), "--data", str(data), "--out", str(model), "--streams", "22"]
    assert main(arguments) == 2
    assert capsys.readouterr().err.endswith(
        "no sentence of several words is left to learn from; a text.txt or more recordings are expected\n"
    )


def test_too_few_recordings(data: Path, capsys: Any) -> None:
    model, _ = random_model(data)
    arguments = ["endpoints", str(model), "--data", str(data), "--out", str(model), "--streams", "70"]
    assert main(arguments) == 2
    assert capsys.readouterr().err.endswith("train.jsonl: 22 utterances; at least 24 are expected\n")
