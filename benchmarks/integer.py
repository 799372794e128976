"""Word error rate of packed models in integer arithmetic and in floats, on the same recordings."""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks import manifests
from benchmarks.record import bundled_model, model_facts, record, results_option
from stapes import audio, engine
from stapes import format as packed_format
from stapes.corpus import Utterance, normalise
from stapes.evaluate import Pair, score
from stapes.session import Recognizer
from stapes.units import seconds_to_samples

RATE_HZ = 16_000
SETS = ("dev-an4", "dev-synthetic")
LIMIT = 150


@click.command("integer")
@manifests.data_option
@click.option(
    "--model",
    "models",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="A packed model; several are compared with the first. The bundled one by default.",
)
@click.option("--beam", "beams", type=click.IntRange(1), multiple=True, default=(1, 16))
@click.option("--limit", type=click.IntRange(1), default=LIMIT, help="Recordings of each set, evenly spread.")
@results_option
def main(data: Path, models: Sequence[Path], beams: Sequence[int], limit: int, results: Path) -> None:
    """Score each model with every engine that can run it; errors are compared with those of the first in floats."""
    sets = {name: manifests.load(data, name, limit) for name in SETS}
    models = models or (bundled_model(),)
    rows = [
        row
        for model in models
        for name in engines_of(model)
        for beam in beams
        for row in measure(model, name, beam, sets)
    ]
    first = {
        (row["set"], row["beam"]): row["word_errors"]
        for row in reversed(rows)
        if row["model"] == models[0].stem
    }
    for row in rows:
        row["errors_to_first"] = row["word_errors"] / max(1, first[row["set"], row["beam"]])
    facts = {
        "models": [model_facts(model) for model in models],
        "manifests": {name: manifests.checksum(utterances) for name, utterances in sets.items()},
        "rows": rows,
    }
    record("integer", facts, folder=results)


def engines_of(model: Path) -> list[str]:
    """Floats first; integers where the model can be run in them."""
    integer = "integer" in packed_format.read(model).metadata
    return [name for name in ("reference", "integer") if integer or name == "reference"]


def measure(
    model: Path, engine_name: str, beam: int, sets: dict[str, list[Utterance]]
) -> Iterator[dict[str, Any]]:
    """Word errors on each set."""
    recognizer = Recognizer(engine.load(model, engine_name), beam)
    for name, utterances in sets.items():
        label = f"{model.stem}, {engine_name}, beam {beam}, {name}"
        began = time.process_time()
        with click.progressbar(utterances, label=label, file=sys.stderr) as progress:
            pairs = [
                Pair(each.id, each.text, normalise(recognizer.transcribe(samples(each)).text))
                for each in progress
            ]
        result = score(pairs)
        yield {
            "model": model.stem,
            "engine": engine_name,
            "beam": beam,
            "set": name,
            "recordings": result.utterances,
            "words": result.words,
            "word_errors": result.word_errors,
            "wer": result.wer,
            "real_time_factor": (time.process_time() - began) / sum(each.duration for each in utterances),
        }


def samples(utterance: Utterance) -> Any:
    """The sound of ``utterance`` at 16 kHz."""
    begin = seconds_to_samples(utterance.start, RATE_HZ)
    return audio.read(utterance.audio, RATE_HZ)[
        begin : begin + seconds_to_samples(utterance.duration, RATE_HZ)
    ]


if __name__ == "__main__":
    main()
