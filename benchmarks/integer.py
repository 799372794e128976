"""What packing costs in words: packed models in integers against the network as it was trained, same recordings."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import manifests
from benchmarks.record import model_facts, record, results_option
from stapes import engine
from stapes import format as packed_format
from stapes.compress import fold
from stapes.compress.trained import read_trained
from stapes.corpus import Utterance, normalise
from stapes.corpus.recording import read_utterance
from stapes.engine import find_model
from stapes.evaluate import Pair, score
from stapes.session import Recognizer

SETS = ("dev-an4", "dev-synthetic", "test-an4")
LIMIT = 150
DRAWS = 2_000


@click.command("integer")
@manifests.data_option
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Weights as trained: heard first, with the language model of the first packed one.",
)
@click.option(
    "--model",
    "models",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="A packed model; several are compared. The bundled one by default.",
)
@click.option("--beam", "beams", type=click.IntRange(1), multiple=True, default=(24,))
@click.option("--limit", type=click.IntRange(1), default=LIMIT, help="Recordings of each set, evenly spread.")
@results_option
def main(
    data: Path,
    checkpoint: Path | None,
    models: Sequence[Path],
    beams: Sequence[int],
    limit: int,
    results: Path,
) -> None:
    """Score models; their errors are divided by those of the first."""
    sets = {name: manifests.load(data, name, limit) for name in SETS if (data / f"{name}.jsonl").is_file()}
    models = models or (find_model(None),)
    networks: list[tuple[str, str, Any]] = []
    if checkpoint is not None:
        networks.append(("as trained", "reference", as_trained(checkpoint, models[0])))
    networks += [
        (path.stem, name, engine.load(path, name)) for path in models for name in engines_of(path, checkpoint)
    ]
    rows = []
    for beam in beams:
        heard = [(model, name, listen(network, beam, sets)) for model, name, network in networks]
        for model, name, own in heard:
            compared = compare(own, heard[0][2])
            rows.append({"model": model, "engine": name, "beam": beam, **compared})
    facts = {
        "models": [model_facts(model) for model in models],
        "manifests": {name: manifests.checksum(utterances) for name, utterances in sets.items()},
        "rows": rows,
    }
    record("integer", facts, model=models[0], folder=results)


def engines_of(model: Path, checkpoint: Path | None) -> list[str]:
    """What runs ``model``: floats where nothing else is in floats; integers, compiled where they are installed."""
    integers = "integer" if engine.native_module() is None else "native"
    able = "integer" in packed_format.read(model).metadata
    return ["reference"] * (checkpoint is None or not able) + [integers] * able


def as_trained(checkpoint: Path, packed: Path) -> engine.Network:
    """The network of ``checkpoint`` in floats, with all that ``packed`` holds beside its own."""
    model = packed_format.read(packed)
    exact = fold(read_trained(checkpoint).weights, model.metadata["integer"]["ranges"])
    return engine.Network(replace(model, tensors={**model.tensors, **exact}))


@dataclass(frozen=True)
class Heard:
    """By set: recordings, words in them, word errors in each; and the processor time for a second of sound."""

    words: Mapping[str, int]
    errors: Mapping[str, Sequence[int]]
    real_time_factor: float


def listen(network: Any, beam: int, sets: Mapping[str, Sequence[Utterance]]) -> Heard:
    """Every recording of ``sets`` through ``network``."""
    recognizer = Recognizer(network, beam)
    began, words, errors = time.process_time(), {}, {}
    for name, utterances in sets.items():
        label = f"{type(network).__name__}, beam {beam}, {name}"
        with click.progressbar(utterances, label=label, file=sys.stderr) as progress:
            scores = [
                score([Pair(each.id, each.text, normalise(recognizer.transcribe(read_utterance(each)).text))])
                for each in progress
            ]
        words[name] = sum(each.words for each in scores)
        errors[name] = [each.word_errors for each in scores]
    seconds = sum(each.duration for utterances in sets.values() for each in utterances)
    return Heard(words, errors, (time.process_time() - began) / seconds)


def compare(own: Heard, first: Heard) -> dict[str, Any]:
    """Word error rates, and errors divided by those of ``first`` with their 95 % interval."""
    pairs = [np.array([own.errors[name], first.errors[name]]) for name in own.errors]
    low, high = interval(np.concatenate(pairs, axis=1))
    return {
        "wer": {name: sum(errors) / own.words[name] for name, errors in own.errors.items()},
        "recordings": {name: len(errors) for name, errors in own.errors.items()},
        "errors_to_first": {
            name: sum(errors) / max(1, sum(first.errors[name])) for name, errors in own.errors.items()
        },
        "all": {
            "word_errors": sum(map(sum, own.errors.values())),
            "errors_to_first": sum(map(sum, own.errors.values()))
            / max(1, sum(map(sum, first.errors.values()))),
            "interval": [low, high],
        },
        "real_time_factor": own.real_time_factor,
    }


def interval(errors: Any) -> tuple[float, float]:
    """Of the first sum over the second, by bootstrap over recordings that both have heard."""
    drawn = np.random.default_rng(0).integers(errors.shape[1], size=(DRAWS, errors.shape[1]))
    sums = errors[:, drawn].sum(2)
    low, high = np.quantile(sums[0] / np.maximum(1, sums[1]), [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
