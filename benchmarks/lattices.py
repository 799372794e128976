"""What lattices hold, what they cost on the wire, and how honest confidences are."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import manifests
from benchmarks.record import record, results_option
from stapes.cli import DEFAULT_BEAM
from stapes.cli.calibrate import JudgedWord, calibration
from stapes.corpus import Utterance, normalise
from stapes.corpus.recording import read_utterance
from stapes.engine import find_model
from stapes.evaluate import Pair, calibration_error, right_words, score
from stapes.lattice import Lattice, best_path, oracle, to_bytes, word_posteriors
from stapes.session import Recognizer
from stapes.units import SAMPLE_RATE_HZ

SETS = ("dev-synthetic", "dev-an4", "test-an4")
FITTED = ("dev-synthetic", "dev-an4")
BYTES_PER_SECOND = 2 * SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Measured:
    """One recording: texts, errors of the best path of all, sizes, processor time of the lattice, and its words."""

    pair: Pair
    oracle_errors: int
    wire_bytes: int
    arcs: int
    duration: float
    lattice_seconds: float
    words: list[JudgedWord]


@click.command("lattices")
@manifests.data_option
@click.option(
    "--model", type=click.Path(path_type=Path, dir_okay=False), help="Instead of the bundled model."
)
@click.option(
    "--beam",
    type=click.IntRange(2),
    default=DEFAULT_BEAM,
    show_default=True,
    help="Histories followed at once.",
)
@click.option("--limit", type=click.IntRange(1), help="Recordings of each set, evenly spread.")
@results_option
def main(data: Path, model: Path | None, beam: int, limit: int | None, results: Path) -> None:
    """Oracle error rate, bytes on the wire and calibration error on each set.

    «error_before» is that of bare posteriors, «error» that of the confidences of the model. Its map was fitted on the
    development sets; «left_out» tells how far confidences are off on half of their speakers after a fit on the
    others, both sets counting equally.
    """
    model = model or find_model(None)
    recognizer = Recognizer(model, beam)
    heard = {name: measure(recognizer, manifests.load(data, name, limit), name) for name in SETS}
    sets = {name: facts(recognizer, each) for name, each in heard.items()}
    words = [word for name in FITTED for each in heard[name] for word in each.words]
    found = {"beam": beam, "sets": sets, "left_out": calibration(words)["measured"]}
    record("lattices", found, model=model, folder=results)


def measure(recognizer: Recognizer, utterances: Sequence[Utterance], name: str) -> list[Measured]:
    """What ``recognizer`` makes of each recording."""
    with click.progressbar(utterances, label=name, file=sys.stderr) as progress:
        return [_measure(recognizer, utterance, name) for utterance in progress]


def facts(recognizer: Recognizer, measured: Sequence[Measured]) -> dict[str, Any]:
    """The numbers of a set."""
    scored = score([each.pair for each in measured])
    oracle_errors = sum(each.oracle_errors for each in measured)
    seconds = sum(each.duration for each in measured)
    words = [word for each in measured for word in each.words]
    return {
        "recordings": len(measured),
        "wer": scored.wer,
        "oracle_wer": oracle_errors / scored.words,
        "oracle_ratio": oracle_errors / max(1, scored.word_errors),
        "audio_to_wire": seconds * BYTES_PER_SECOND / sum(each.wire_bytes for each in measured),
        "arcs_per_second": sum(each.arcs for each in measured) / seconds,
        "real_time_factor": sum(each.lattice_seconds for each in measured) / seconds,
        "words_heard": len(words),
        "error_before": calibration_error([w.confidence for w in words], [w.is_right for w in words]),
        "error": _calibrated_error(recognizer, words),
    }


def _measure(recognizer: Recognizer, utterance: Utterance, name: str) -> Measured:
    stream = recognizer.stream()
    stream.accept(read_utterance(utterance))
    begin = time.process_time()
    _ = stream.lattice  # before the end it is not kept: this makes it
    seconds = time.process_time() - begin
    stream.finish()
    lattice = stream.lattice
    reference = normalise(utterance.text)
    return Measured(
        Pair(utterance.id, reference, " ".join(best_path(lattice).words)),
        oracle(lattice, reference.split()).errors,
        len(to_bytes(lattice)),
        len(lattice.arcs),
        utterance.duration,
        seconds,
        _judged(lattice, reference, utterance, name),
    )


def _judged(lattice: Lattice, reference: str, utterance: Utterance, name: str) -> list[JudgedWord]:
    """The words of the best path with their posteriors."""
    path = best_path(lattice)
    posteriors = word_posteriors(lattice)
    own = [float(posteriors[index]) for index in path.arcs if lattice.arcs[index].word]
    right = right_words(reference, " ".join(path.words))
    speaker = utterance.speaker or utterance.id
    return [JudgedWord(name, speaker, each, is_right) for each, is_right in zip(own, right, strict=True)]


def _calibrated_error(recognizer: Recognizer, words: Sequence[JudgedWord]) -> float | None:
    calibrate = recognizer.network.calibration
    if calibrate is None:
        return None
    confidences = calibrate(np.array([word.confidence for word in words]))
    return calibration_error(confidences, [word.is_right for word in words])


if __name__ == "__main__":
    main()
