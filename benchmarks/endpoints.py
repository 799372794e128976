"""How soon and how surely the end of an utterance is found, against a silence timer and the rules of sherpa-onnx.

Recordings become streams with pauses inside sentences, hesitations, noise and talk (`stapes.corpus.streams`). Every
stream is heard once to its end; what each end-pointer would have done is worked out from what was observed. The
timer ends an utterance that long after the last sound as loud as the user (Home Assistant waits for 0.7 s); sherpa-onnx
ends it that long after the last label (1.2 s by default). Both know the words of the same recogniser.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import manifests
from benchmarks.record import ROOT, record, results_option
from stapes.corpus import Utterance
from stapes.corpus.streams import SpokenStream, StreamConfig, make_streams
from stapes.decode import Endpointer, EndpointState
from stapes.engine import find_model
from stapes.engine.endpointing import Endpointing, Point
from stapes.evaluate import Ended, EndpointScore, Pair, score, score_endpoints
from stapes.session import Moment, Recognizer, outcome, rehearse, word_gaps
from stapes.units import SAMPLE_RATE_HZ

SETS = ("dev-synthetic", "dev-an4", "test-an4")
# What the tables are about; test-an4 is reported, nothing is chosen on it.
POOLED = ("dev-synthetic", "dev-an4")
POINTS = ("fast", "normal", "patient")
THRESHOLDS = [1 / (1 + float(np.exp(-step / 4))) for step in range(-12, 25)]
TIMERS_MS = range(200, 2_401, 100)
HOME_ASSISTANT_MS, SHERPA_MS = 700, 1_200
LONG_PAUSE = StreamConfig(
    pause_probability=1.0, second_pause_probability=0.0, pause_s_range=(0.9, 0.9), hesitation_probability=0.0
)
PLOT = ROOT / "docs" / "endpoints.svg"


@dataclass(frozen=True)
class Heard:
    """A stream with what was said in it and what was observed."""

    utterance: Utterance
    stream: SpokenStream
    moments: list[Moment]

    @property
    def end(self) -> float:
        """Seconds until the user had finished."""
        return self.stream.end_samples / SAMPLE_RATE_HZ


@click.command("endpoints")
@manifests.data_option
@click.option("--model", type=click.Path(path_type=Path), help="Instead of the bundled one.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1), help="Recordings of a set.")
@click.option("--seed", default=0, show_default=True, help="Of the streams.")
@click.option("--plot", type=click.Path(path_type=Path), default=PLOT, help="SVG of the trade-off.")
@results_option
def main(data: Path, model: Path | None, limit: int, seed: int, plot: Path, results: Path) -> None:
    """Measure the end-pointer of the bundled model."""
    model = model or find_model(None)
    recognizer = Recognizer(model)
    learned = recognizer.network.endpointing
    if not isinstance(learned, Endpointing):
        raise click.ClickException(f"{model}: no end-pointer; `stapes endpoints` puts one into a model")
    sets = {name: manifests.load(data, name, limit) for name in SETS}
    hear = partial(_hear, recognizer, seed)
    heard = {name: hear(utterances, StreamConfig(), name) for name, utterances in sets.items()}
    # Of one in thirty that are lost, a hundred streams tell nothing.
    interrupted = manifests.load(data, "dev-synthetic", 5 * limit)
    paused = hear(interrupted, LONG_PAUSE, "900 ms pauses")
    pooled = [each for name in POOLED for each in heard[name]]
    judge = partial(_judge, recognizer, learned)
    curves = {"stapes": _curve(judge, pooled), **_rivals(pooled)}
    facts = {
        "streams": {name: len(each) for name, each in heard.items()},
        "paused": float(np.mean([bool(each.stream.pauses) for each in pooled])),
        "manifests": {name: manifests.checksum(utterances) for name, utterances in sets.items()},
        "manifest of 900 ms pauses": manifests.checksum(interrupted),
        "points": {name: _point(judge, learned.points[name], heard, pooled, paused) for name in POINTS},
        "curves": curves,
        "home assistant": _at(curves["silence timer"], HOME_ASSISTANT_MS),
        "sherpa-onnx": _at(curves["label timer"], SHERPA_MS),
    }
    _draw(curves, plot)
    record("endpoints", facts, seed=seed, model=model, folder=results)


def _hear(
    recognizer: Recognizer, seed: int, utterances: Sequence[Utterance], config: StreamConfig, label: str
) -> list[Heard]:
    """A stream of each of ``utterances``, and what is observed in it."""
    endpointer = recognizer.endpointer("normal")
    streams = make_streams(utterances, partial(word_gaps, recognizer.network), config, seed)
    with click.progressbar(
        zip(utterances, streams, strict=True), length=len(utterances), label=label, file=sys.stderr
    ) as progress:
        return [
            Heard(utterance, stream, rehearse(recognizer, endpointer, stream.samples))
            for utterance, stream in progress
        ]


def _judge(recognizer: Recognizer, learned: Endpointing, point: Point, heard: Sequence[Heard]) -> list[Ended]:
    """What the end-pointer does at ``point``."""
    network = recognizer.network
    endpointer = Endpointer(network.vocabulary, learned, point, network.frame_ms)
    ended = []
    for each in heard:
        found = outcome(each.moments, endpointer)
        ended.append(Ended(each.end, found.final, found.speculative, found.resets))
    return ended


Judge = Callable[[Point, Sequence[Heard]], list[Ended]]


def _point(
    judge: Judge, point: Point, heard: dict[str, list[Heard]], pooled: list[Heard], paused: list[Heard]
) -> dict[str, Any]:
    """All that is promised of an operating point."""
    scores = {name: score_endpoints(judge(point, each)) for name, each in {**heard, "pooled": pooled}.items()}
    ends = {name: judge(point, each) for name, each in heard.items()}
    with_pause = [each for each in paused if each.stream.pauses]
    kept = [
        ended.final > each.stream.pauses[-1][1] / SAMPLE_RATE_HZ
        for each, ended in zip(with_pause, judge(point, with_pause), strict=True)
    ]
    return {
        "settings": {**asdict(point), "measured": None},
        "scores": {name: _rounded(each) for name, each in scores.items()},
        "kept after 900 ms": float(np.mean(kept)) if kept else None,
        "streams with 900 ms": len(kept),
        "wer": {name: _word_errors(heard[name], ends[name]) for name in heard},
    }


def _word_errors(heard: list[Heard], ended: list[Ended]) -> dict[str, float]:
    """Word error rate of what was heard until the end that was found, until the end of the stream, and the ratio."""
    on = score([_pair(each, found.final) for each, found in zip(heard, ended, strict=True)]).wer or 0.0
    off = score([_pair(each, np.inf) for each in heard]).wer or 0.0
    return {"on": on, "off": off, "ratio": on / off if off else 1.0}


def _pair(heard: Heard, until: float) -> Pair:
    state = [moment for moment in heard.moments if moment.seconds <= until][-1].endpoint
    return Pair(heard.utterance.id, heard.utterance.text, " ".join(state.words))


def _curve(judge: Judge, heard: Sequence[Heard]) -> list[dict[str, float]]:
    """The trade-off over thresholds, within the bounds of the patient setting."""
    return [
        {
            "threshold": least,
            **_rounded(score_endpoints(judge(Point(least, least, longest_pause_ms=3_000), heard))),
        }
        for least in THRESHOLDS
    ]


def _rivals(heard: Sequence[Heard]) -> dict[str, list[dict[str, float]]]:
    """The trade-offs of the two timers."""

    def ended(each: Heard, frames: Callable[[EndpointState], int], wait_ms: int) -> Ended:
        fired = (m.seconds for m in each.moments if m.endpoint.words and 40 * frames(m.endpoint) >= wait_ms)
        final = next(fired, each.moments[-1].seconds)
        return Ended(each.end, final, final)

    timers: dict[str, Callable[[EndpointState], int]] = {
        "silence timer": lambda state: state.hushed_frames,
        "label timer": lambda state: state.run_frames,
    }
    return {
        name: [
            {"wait_ms": wait_ms, **_rounded(score_endpoints([ended(h, frames, wait_ms) for h in heard]))}
            for wait_ms in TIMERS_MS
        ]
        for name, frames in timers.items()
    }


def _at(curve: list[dict[str, float]], wait_ms: int) -> dict[str, float]:
    return next(each for each in curve if each["wait_ms"] == wait_ms)


def _rounded(score: EndpointScore) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in asdict(score).items()}


def _draw(curves: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Early cuts against the median delay."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "endpoints"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for (name, curve), style in zip(curves.items(), ("o-", "s--", "^:"), strict=True):
        axes.plot([c["median_ms"] for c in curve], [100 * c["early"] for c in curve], style, ms=3, label=name)
    marks = (
        ("silence timer", HOME_ASSISTANT_MS, "Home Assistant"),
        ("label timer", SHERPA_MS, "sherpa-onnx"),
    )
    for name, wait_ms, text in marks:
        place = _at(curves[name], wait_ms)
        axes.annotate(f"{text}, {wait_ms / 1000} s", (place["median_ms"], 100 * place["early"]))
    axes.set(xlabel="median delay / ms", ylabel="utterances cut off / %", xlim=(0, 2_000), ylim=(0, 50))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")


if __name__ == "__main__":
    main()
