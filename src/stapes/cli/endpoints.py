"""``stapes endpoints``: teach a model when its user has finished."""

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stapes.errors import CorpusError, MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stapes.corpus import Utterance
    from stapes.corpus.streams import SpokenStream
    from stapes.engine.endpointing import Endpointing, Point
    from stapes.evaluate import EndpointScore
    from stapes.session import Moment, Recognizer
    from stapes.train.endpoints import EndpointTraining, Observed

BUCKETS = 1 << 15
FOLDS = 5
# Dimensions kept of an encoder frame; the more streams, the more of them help.
PROJECTED = (1, 8)
# Names, share of utterances that may be cut off, and the longest pause that is waited for.
POINTS = {"fast": (0.05, 1_500), "normal": (0.025, 2_000), "patient": (0.01, 3_000)}
# Of all utterances this share is to be confirmed without a reset.
CONFIRMED = 0.9
# Of log-odds 0 to 8 in steps of a quarter.
THRESHOLDS = [1 / (1 + math.exp(-step / 4)) for step in range(33)]
# How much less often a single word is drawn than a sentence of the same set.
SINGLE_WORD_SHARE = 0.05
# A text with as many recordings belongs to a closed set.
COMMON = 5

Watched = list[tuple["SpokenStream", list["Moment"]]]


@click.command(name="endpoints")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder that 'stapes corpus prepare' wrote.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Model to write; may be MODEL.")
@click.option("--streams", default=400, show_default=True, type=click.IntRange(20), help="To learn from.")
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
def command(model: Path, data: Path, out: Path, streams: int, seed: int) -> None:
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
        from stapes.train.endpoints import fit_endpointer
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Fitting an end-pointer") from None
    from stapes.decode import SCALARS
    from stapes.session import Recognizer

    recognizer = Recognizer(model)
    chosen = _choose(data, streams, seed)
    table, bias = _completeness(data, chosen)
    unlearned = _unlearned(recognizer, table, bias)
    watching = _watch(recognizer, unlearned, chosen, seed)
    with click.progressbar(watching, length=len(chosen), label="listening", file=sys.stderr) as progress:
        watched = list(progress)
    observed = [_observed(*each) for each in watched]
    config, found = _cross_validate(observed, seed)
    points = _points(recognizer, watched, found, unlearned)
    fitted = fit_endpointer(observed, SCALARS, config)
    tensors = {name: getattr(fitted, name) for name in _TENSORS}
    settings = {
        "kind": "endpointer",
        "completeness_bias": bias,
        "output_bias": float(fitted.output_bias[0]),
        "points": points,
    }
    add_endpointer(model, out, {"completeness": table, **tensors}, settings)
    for name, point in points.items():
        click.echo(f"{name:8} " + "  ".join(f"{key} {value:g}" for key, value in point["measured"].items()))


_TENSORS = ("projection", "mean", "scale", "hidden_weight", "hidden_bias", "output_weight")


def _choose(data: Path, count: int, seed: int) -> list["Utterance"]:
    """``count`` training utterances, rare sets and sentences of several words more often."""
    import numpy as np

    from stapes.corpus import read_manifest

    spoken = [utterance for utterance in read_manifest(data / "train.jsonl") if utterance.text]
    if len(spoken) < count:
        raise CorpusError(f"{data / 'train.jsonl'}: {len(spoken)} utterances; at least {count} are expected")
    sizes: dict[str | None, int] = {}
    for utterance in spoken:
        sizes[utterance.set] = sizes.get(utterance.set, 0) + 1
    weights = np.array([sizes[u.set] ** -0.5 * (1 if " " in u.text else SINGLE_WORD_SHARE) for u in spoken])
    drawn = np.random.default_rng(seed).choice(len(spoken), count, replace=False, p=weights / weights.sum())
    return [spoken[index] for index in drawn.tolist()]


def _completeness(data: Path, heard: Sequence["Utterance"]) -> tuple["NDArray[np.float32]", float]:
    """Weights and bias of the table of how sentences end; sentences that are ``heard`` are not read."""
    import numpy as np

    from stapes.corpus import read_manifest, read_sentences
    from stapes.decode import text_features
    from stapes.train.endpoints import fit_completeness

    written = data / "text.txt"
    spoken = Counter(utterance.text for utterance in read_manifest(data / "train.jsonl"))
    texts = spoken.keys() | (read_sentences(written) if written.exists() else ())
    # What many people say would be missed more than it flatters.
    left_out = {utterance.text for utterance in heard if spoken[utterance.text] < COMMON} | {""}
    features, is_end = [], []
    for text in sorted(texts - left_out):
        words = text.split()
        for count in range(1, len(words) + 1):
            features.append(text_features(words[:count], BUCKETS))
            is_end.append(count == len(words))
    if all(is_end):
        raise CorpusError(
            f"{data}: no sentence of several words is left to learn from; a text.txt or more recordings are expected"
        )
    return fit_completeness(np.array(features), np.array(is_end), BUCKETS)


def _unlearned(recognizer: "Recognizer", table: "NDArray[np.float32]", bias: float) -> "Endpointing":
    """An end-pointer that observes, and knows nothing but how sentences end."""
    import numpy as np

    from stapes.decode import INITIAL_CONTEXT
    from stapes.session.pausing import pauses_alone

    joint = recognizer.network.predict(np.array([INITIAL_CONTEXT])).shape[1]
    return replace(pauses_alone(joint), completeness=table, completeness_bias=bias)


def _watch(
    recognizer: "Recognizer", learned: "Endpointing", utterances: Sequence["Utterance"], seed: int
) -> Iterator[tuple["SpokenStream", list["Moment"]]]:
    """A stream of each utterance, and what is observed in it."""
    from stapes.corpus.streams import StreamConfig, make_streams
    from stapes.decode import Endpointer
    from stapes.engine.endpointing import Point
    from stapes.session import rehearse, word_gaps

    network = recognizer.network
    endpointer = Endpointer(network.vocabulary, learned, Point(0.5, 0.5), network.frame_ms)
    for stream in make_streams(utterances, partial(word_gaps, network), StreamConfig(), seed):
        yield stream, rehearse(recognizer, endpointer, stream.samples)


def _observed(stream: "SpokenStream", moments: list["Moment"]) -> "Observed":
    import numpy as np

    from stapes.corpus.streams import RATE_HZ
    from stapes.train.endpoints import Observed

    inputs = np.stack([moment.endpoint.observed for moment in moments])
    return Observed(inputs, sum(moment.seconds * RATE_HZ <= stream.end_samples for moment in moments))


def _cross_validate(
    observed: list["Observed"], seed: int
) -> tuple["EndpointTraining", list["NDArray[np.float64]"]]:
    """How to fit best, and what each stream gets from a fit on others."""
    from stapes.decode import SCALARS
    from stapes.train.endpoints import EndpointTraining, log_loss, out_of_fold

    tried = []
    for projected in PROJECTED:
        config = EndpointTraining(projected=projected, seed=seed)
        found = out_of_fold(observed, SCALARS, config, FOLDS)
        tried.append((log_loss(observed, found), config, found))
    _, config, found = min(tried, key=lambda each: each[0])
    return config, found


def _points(
    recognizer: "Recognizer", watched: Watched, found: Sequence["NDArray[np.float64]"], learned: "Endpointing"
) -> dict[str, Any]:
    """The operating points, chosen on probabilities ``found`` without looking at the stream itself."""
    from stapes import config
    from stapes.session import with_probabilities

    judged = [
        (stream, with_probabilities(moments, each))
        for (stream, moments), each in zip(watched, found, strict=True)
    ]
    tried = partial(_score, recognizer, learned, judged)
    return {name: config.to_dict(_point(tried, *limits)) for name, limits in POINTS.items()}


def _point(tried: Callable[["Point"], "EndpointScore"], early: float, longest_pause_ms: int) -> "Point":
    """The boldest point that cuts off no more than the share ``early`` and is confirmed often enough."""
    from stapes.engine.endpointing import Point

    point = _first(
        lambda point: tried(point).early <= early,
        [Point(least, least, longest_pause_ms=longest_pause_ms) for least in THRESHOLDS],
    )
    point = _first(
        lambda point: tried(point).confirmed >= CONFIRMED,
        [replace(point, speculative=least) for least in THRESHOLDS if least <= point.final],
    )
    facts = asdict(tried(point))
    measured = {name: round(float(value), 4) for name, value in facts.items() if math.isfinite(value)}
    return replace(point, measured=measured)


def _first(suits: Callable[["Point"], bool], points: Sequence["Point"]) -> "Point":
    """The first of ``points``, in rising order of caution, that suits, or the last one."""
    return next((point for point in points if suits(point)), points[-1])


def _score(
    recognizer: "Recognizer", learned: "Endpointing", judged: Watched, point: "Point"
) -> "EndpointScore":
    """How well ``point`` does on streams whose probabilities are known."""
    from stapes.corpus.streams import RATE_HZ
    from stapes.decode import Endpointer
    from stapes.evaluate import Ended, score_endpoints
    from stapes.session import outcome

    network = recognizer.network
    endpointer = Endpointer(network.vocabulary, learned, point, network.frame_ms)
    ended = []
    for stream, moments in judged:
        result = outcome(moments, endpointer)
        ended.append(Ended(stream.end_samples / RATE_HZ, result.final, result.speculative, result.resets))
    return score_endpoints(ended)
