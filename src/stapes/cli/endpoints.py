"""``stapes endpoints``: teach a model when its user has finished."""

import math
import sys
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stapes.cli.processes import spread
from stapes.errors import CorpusError, MissingExtraError
from stapes.units import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stapes.corpus import Utterance
    from stapes.corpus.streams import SpokenStream
    from stapes.decode import Endpointer, EndpointState
    from stapes.engine.endpointing import Endpointing, Point
    from stapes.evaluate import EndpointScore
    from stapes.session import Moment, Recognizer
    from stapes.train.endpoints import Observed

BUCKETS = 1 << 16
FOLDS = 3
# Pauses tell more than ends, so there are more of them than usual; rates are those of usual streams.
PAUSE_PROBABILITY, SECOND_PAUSE_PROBABILITY = 0.75, 0.4
TAIL_S = 2.2
# The user is hushed, or no label came, for as long before a frame may be in a pause.
HUSHED_FRAMES, UNLABELLED_FRAMES = 2, 12
# At the end of a stream that is learned from, since the last label.
LONGEST_RUN_FRAMES = 15
LEAST_STREAMS = 10
# Names, share of utterances that may be cut off by cross-validation, and half the least and the longest pause before an
# end. Patient outwaits a pause of a second, whatever is thought of it.
POINTS = {"fast": (0.035, 120, 1_500), "normal": (0.02, 300, 1_600), "patient": (0.005, 560, 3_000)}
# Of all utterances this share is to be confirmed without a reset.
CONFIRMED = 0.93
# Of log-odds -3 to 8 in steps of an eighth.
THRESHOLDS = [1 / (1 + math.exp(-step / 8)) for step in range(-24, 65)]
# How much less often a single word is drawn than a sentence of the same set.
SINGLE_WORD_SHARE = 0.15
# A recording is drawn as often at most, each time with other pauses and other noise.
MOST_DRAWS = 3
# A text with as many recordings belongs to a closed set.
COMMON = 5
# Single words are few among texts and many among recordings: each counts as often as it is said, up to this.
MOST_SAID = 20

Watched = tuple["Utterance", "SpokenStream", list["Moment"]]
Listened = tuple["SpokenStream", list["Moment"], "Observed"]


@dataclass(frozen=True, eq=False)
class Beginnings:
    """Every beginning of every text that is read, up to the whole text.

    Args:
        texts: that are read.
        said: how many recordings there are of each.
        features: [X, F] buckets of the beginnings.
        is_end: [X] whether a beginning is the whole text.
        owner: [X] whose beginning it is, an index into ``texts``.
    """

    texts: Sequence[str]
    said: Mapping[str, int]
    features: "NDArray[np.int64]"
    is_end: "NDArray[np.bool_]"
    owner: "NDArray[np.int64]"


@click.command(name="endpoints", short_help="Fit the end-pointer.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder that 'stapes corpus prepare' wrote.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Model to write; may be MODEL.")
@click.option("--streams", default=6000, show_default=True, type=click.IntRange(20), help="To learn from.")
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes at once.")
def command(model: Path, data: Path, out: Path, streams: int, seed: int, jobs: int) -> None:
    """Fit the end-pointer of MODEL and write the model with it.

    Training recordings in DATA become streams with pauses inside sentences, hesitations, noise and talk. What the
    model observes in them is learned, and the operating points fast, normal and patient are chosen by
    cross-validation; their rates are written down in the model.

    \b
    Examples:
      stapes endpoints model.stapes --data data --out model.stapes
    """
    try:
        from stapes.compress.endpoints import add_endpointer
        from stapes.train.endpoints import EndpointTraining, fit_endpointer, out_of_fold
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Fitting an end-pointer") from None
    from stapes.decode import SCALARS
    from stapes.session import Recognizer

    recognizer = Recognizer(model)
    chosen = _choose(data, streams, seed)
    read = _beginnings(data)
    # What is read of a stream does not know its text, as it will not know that of most users.
    tables = [
        _completeness(read, [each for each in chosen if _fold(each, FOLDS) == fold]) for fold in range(FOLDS)
    ]
    watched, observed = [], []
    with (
        spread(Listener(model, tables, chosen, seed), range(len(chosen)), jobs) as listening,
        click.progressbar(listening, length=len(chosen), label="listening", file=sys.stderr) as progress,
    ):
        for utterance, listened in zip(chosen, progress, strict=True):
            if listened is not None:
                stream, moments, inputs = listened
                watched.append((utterance, stream, moments))
                observed.append(inputs)
    if len(watched) < LEAST_STREAMS:
        raise CorpusError(
            f"{data}: in {len(watched)} of {streams} streams something is heard near the end; at least "
            f"{LEAST_STREAMS} are expected"
        )
    config = EndpointTraining(seed=seed)
    run = partial(_trained, jobs)
    groups = [_group(utterance) for utterance, _, _ in watched]
    found = out_of_fold(observed, groups, SCALARS, config, FOLDS, run)
    points = _points(recognizer, watched, found, _unlearned(recognizer, *tables[0]))
    fitted = fit_endpointer(observed, SCALARS, config, run)
    tensors = {name: getattr(fitted, name) for name in _TENSORS}
    table, bias = _completeness(read, [])
    settings = {
        "kind": "endpointer",
        "completeness_bias": bias,
        "output_bias": float(fitted.output_bias[0]),
        "points": points,
    }
    add_endpointer(model, out, {"completeness": table, **tensors}, settings)
    for name, point in points.items():
        click.echo(f"{name:8} " + "  ".join(f"{key} {value:g}" for key, value in point["measured"].items()))


def _trained(jobs: int, train: Callable[[Any], Any], members: Sequence[Any]) -> list[Any]:
    """Each of ``members``, trained in ``jobs`` processes; told in a progress bar."""
    with (
        spread(train, members, min(jobs, len(members))) as training,
        click.progressbar(training, length=len(members), label="fitting", file=sys.stderr) as progress,
    ):
        return list(progress)


_TENSORS = (
    "projection",
    "mean",
    "scale",
    "input_weight",
    "input_bias",
    "recurrent_weight",
    "recurrent_bias",
    "output_weight",
)


def _group(utterance: "Utterance") -> int:
    """Equal where the same person speaks."""
    return zlib.crc32((utterance.speaker or utterance.id).encode())


def _choose(data: Path, count: int, seed: int) -> list["Utterance"]:
    """``count`` training utterances, all sets alike, sentences of several words more often, some more than once."""
    import numpy as np

    from stapes.corpus import read_manifest

    spoken = [utterance for utterance in read_manifest(data / "train.jsonl") if utterance.text]
    if len(spoken) * MOST_DRAWS < count:
        least = math.ceil(count / MOST_DRAWS)
        raise CorpusError(f"{data / 'train.jsonl'}: {len(spoken)} utterances; at least {least} are expected")
    sizes: dict[str | None, int] = {}
    for utterance in spoken:
        sizes[utterance.set] = sizes.get(utterance.set, 0) + 1
    weights = np.array(
        [(1 if " " in u.text else SINGLE_WORD_SHARE) / sizes[u.set] for u in spoken] * MOST_DRAWS
    )
    drawn = np.random.default_rng(seed).choice(len(weights), count, replace=False, p=weights / weights.sum())
    return [spoken[index % len(spoken)] for index in drawn.tolist()]


def _fold(utterance: "Utterance", folds: int) -> int:
    """Below ``folds``; equal where the same is said."""
    return zlib.crc32(utterance.text.encode()) % folds


def _beginnings(data: Path) -> Beginnings:
    """Of the texts in the folder ``data``, spoken and written."""
    import numpy as np

    from stapes.corpus import read_manifest, read_sentences
    from stapes.decode import text_features

    written = data / "text.txt"
    said = Counter(utterance.text for utterance in read_manifest(data / "train.jsonl"))
    texts = sorted((said.keys() | (read_sentences(written) if written.exists() else ())) - {""})
    features, lengths = [], []
    for text in texts:
        words = text.split()
        lengths.append(len(words))
        features += [text_features(words[:count], BUCKETS) for count in range(1, len(words) + 1)]
    is_end = np.zeros(len(features), bool)
    is_end[np.cumsum(lengths) - 1] = True
    return Beginnings(texts, said, np.array(features), is_end, np.repeat(np.arange(len(texts)), lengths))


def _completeness(read: Beginnings, heard: Sequence["Utterance"]) -> tuple["NDArray[np.float32]", float]:
    """Weights and bias of the table of how sentences end; sentences that are ``heard`` are not read."""
    import numpy as np

    from stapes.train.endpoints import fit_completeness

    # What many people say would be missed more than it flatters.
    left_out = {utterance.text for utterance in heard if read.said[utterance.text] < COMMON}

    def times(text: str) -> int:
        return 0 if text in left_out else min(max(read.said[text], 1), MOST_SAID) if " " not in text else 1

    rows = np.repeat(np.arange(len(read.owner)), np.array([times(text) for text in read.texts])[read.owner])
    if read.is_end[rows].all():
        raise CorpusError(
            "no sentence of several words is left to learn from; a text.txt or more recordings are expected"
        )
    return fit_completeness(read.features[rows], read.is_end[rows], BUCKETS)


def _unlearned(recognizer: "Recognizer", table: "NDArray[np.float32]", bias: float) -> "Endpointing":
    """An end-pointer that observes, and knows nothing but how sentences end."""
    import numpy as np

    from stapes.decode import INITIAL_CONTEXT
    from stapes.session.pausing import pauses_alone

    joint = recognizer.network.predict(np.array([INITIAL_CONTEXT])).shape[1]
    return replace(pauses_alone(joint), completeness=table, completeness_bias=bias)


@dataclass(frozen=True, eq=False)
class Listener:
    """Makes streams of recordings and observes them; in each process of several there is one.

    Args:
        model: packed, whose end-pointer is fitted.
        tables: weights and bias of how sentences end, for each fold of `_fold`, whose texts it does not know.
        utterances: of which the streams are made.
        seed: of all that is drawn.
    """

    model: Path
    tables: "Sequence[tuple[NDArray[np.float32], float]]"
    utterances: Sequence["Utterance"]
    seed: int

    def __call__(self, index: int) -> "Listened | None":
        """What is observed in the stream of the utterance at ``index``; None if nothing is heard near its end."""
        from stapes.corpus.streams import StreamConfig, make_stream
        from stapes.session import rehearse, word_gaps

        config = StreamConfig(
            tail_s=TAIL_S,
            pause_probability=PAUSE_PROBABILITY,
            second_pause_probability=SECOND_PAUSE_PROBABILITY,
        )
        find = partial(word_gaps, self._recognizer.network)
        stream = make_stream(self.utterances, index, find, config, self.seed)
        utterance = self.utterances[index]
        endpointer = self._endpointers[_fold(utterance, len(self.tables))]
        moments = rehearse(self._recognizer, endpointer, stream.samples)
        if not _ends_with_its_words(utterance, stream, moments):
            return None
        return *_slim(stream, moments), _observed(stream, moments)

    @cached_property
    def _recognizer(self) -> "Recognizer":
        from stapes.session import Recognizer

        return Recognizer(self.model)

    @cached_property
    def _endpointers(self) -> "list[Endpointer]":
        from stapes.decode import Endpointer
        from stapes.engine.endpointing import Point

        network, point = self._recognizer.network, Point(0.5, 0.5)
        unlearned = [_unlearned(self._recognizer, *table) for table in self.tables]
        return [Endpointer(network.vocabulary, each, point, network.frame_ms) for each in unlearned]


@dataclass(frozen=True, slots=True)
class KnownEnding:
    """A `stapes.decode.Ending` that a process may send to another."""

    key: int
    frame: int
    labels: tuple[int, ...]


def _slim(stream: "SpokenStream", moments: Sequence["Moment"]) -> tuple["SpokenStream", list["Moment"]]:
    """The same for decisions, without sound and what the network sees of it: thousands of streams are kept."""
    import numpy as np

    none = np.zeros(0, np.float32)

    def slim(state: "EndpointState") -> "EndpointState":
        best = state.best and KnownEnding(state.best.key, state.best.frame, tuple(state.best.labels))
        return replace(state, best=best, observed=none, hidden=none)

    return replace(stream, samples=none), [replace(each, endpoint=slim(each.endpoint)) for each in moments]


def _ends_with_its_words(utterance: "Utterance", stream: "SpokenStream", moments: list["Moment"]) -> bool:
    """Whether the last label is about where the end is; else a word was missed, or what follows is no speech."""

    before = [moment.endpoint for moment in moments if moment.seconds * SAMPLE_RATE_HZ <= stream.end_samples]
    return bool(before) and before[-1].run_frames <= LONGEST_RUN_FRAMES


def _observed(stream: "SpokenStream", moments: list["Moment"]) -> "Observed":
    import numpy as np

    from stapes.train.endpoints import Observed

    states = [moment.endpoint for moment in moments]
    return Observed(
        np.stack([state.observed for state in states]),
        np.array([moment.seconds - stream.end_samples / SAMPLE_RATE_HZ for moment in moments]),
        np.array([bool(state.words) for state in states]),
        np.array(
            [
                state.hushed_frames >= HUSHED_FRAMES or state.run_frames >= UNLABELLED_FRAMES
                for state in states
            ]
        ),
    )


def _weight(utterance: "Utterance", stream: "SpokenStream") -> float:
    """How much more often there are as many pauses in a usual stream as in one that is learned from."""
    from stapes.corpus.streams import StreamConfig

    if " " not in utterance.text:
        return 1.0
    usual = StreamConfig()
    pause, second = usual.pause_probability, usual.second_pause_probability
    if not stream.pauses:
        return (1 - pause) / (1 - PAUSE_PROBABILITY)
    ratio = (1 - second) / (1 - SECOND_PAUSE_PROBABILITY)
    return (
        pause / PAUSE_PROBABILITY * (ratio if len(stream.pauses) == 1 else second / SECOND_PAUSE_PROBABILITY)
    )


def _points(
    recognizer: "Recognizer",
    watched: Sequence[Watched],
    found: Sequence["NDArray[np.float64]"],
    learned: "Endpointing",
) -> dict[str, Any]:
    """The operating points, chosen on probabilities ``found`` without looking at the stream itself."""
    from stapes import config
    from stapes.session import with_probabilities

    judged = [
        (utterance, stream, with_probabilities(moments, each))
        for (utterance, stream, moments), each in zip(watched, found, strict=True)
    ]
    tried = partial(_score, recognizer, learned, judged)
    return {name: config.to_dict(_point(tried, *limits)) for name, limits in POINTS.items()}


def _point(
    tried: Callable[["Point"], "EndpointScore"], early: float, least_pause_ms: int, longest_pause_ms: int
) -> "Point":
    """The boldest point that cuts off no more than the share ``early`` and is confirmed often enough."""
    from stapes.engine.endpointing import Point

    point = _first(
        lambda point: tried(point).early <= early,
        [Point(least, least, least_pause_ms, longest_pause_ms) for least in THRESHOLDS],
    )
    point = _first(
        lambda point: tried(point).confirmed >= CONFIRMED,
        [replace(point, speculative=least) for least in THRESHOLDS if least <= point.final],
    )
    facts = asdict(tried(point))
    measured = {name: round(float(value), 4) for name, value in facts.items() if math.isfinite(value)}
    return replace(point, measured=measured)


def _first(suits: Callable[["Point"], bool], points: Sequence["Point"]) -> "Point":
    """The first of ``points``, in rising order of caution, that suits, or the last one.

    Behind one that suits all of them are taken to suit.
    """
    return points[min(bisect_left(points, True, key=suits), len(points) - 1)]


def _score(
    recognizer: "Recognizer", learned: "Endpointing", judged: Sequence[Watched], point: "Point"
) -> "EndpointScore":
    """How well ``point`` does on streams whose probabilities are known."""
    from stapes.decode import Endpointer
    from stapes.evaluate import Ended, score_endpoints
    from stapes.session import outcome

    network = recognizer.network
    endpointer = Endpointer(network.vocabulary, learned, point, network.frame_ms)
    ended = []
    for utterance, stream, moments in judged:
        result, end = outcome(moments, endpointer), stream.end_samples / SAMPLE_RATE_HZ
        weight = _weight(utterance, stream)
        ended.append(Ended(end, result.final, result.speculative, result.resets, weight))
    return score_endpoints(ended)
