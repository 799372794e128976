"""``stapes calibrate``: make confidences say how often words are right."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stapes.cli import beam_option, unheard_option
from stapes.errors import CorpusError
from stapes.units import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from stapes.corpus import Utterance
    from stapes.session import Recognizer


@click.command(name="calibrate", short_help="Fit the confidence of words.")
@click.argument("model", type=click.Path(path_type=Path))
@unheard_option
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Model to write; may be MODEL.")
@beam_option(least=2)
def command(model: Path, manifests: tuple[Path, ...], out: Path, beam: int) -> None:
    """Fit the confidence of words of MODEL and write the model with it.

    The model hears the recordings; several manifests count equally. How often words of some posterior are right becomes
    the confidence of all words of that posterior. How far confidences are off is measured on speakers that were left
    out of a fit, and written down in the model.

    \b
    Examples:
      stapes calibrate model.stapes --data data/dev-an4.jsonl --data data/dev-synthetic.jsonl --out model.stapes
    """
    from stapes import engine, format
    from stapes.corpus import read_manifest
    from stapes.session import Recognizer

    packed = format.read(model)
    metadata = {key: value for key, value in packed.metadata.items() if key != engine.CALIBRATION}
    recognizer = Recognizer(engine.Network(replace(packed, metadata=metadata)), beam)
    utterances = [(str(path), each) for path in manifests for each in read_manifest(path, check_audio=True)]
    with click.progressbar(utterances, label="listening", file=sys.stderr) as progress:
        words = [word for name, utterance in progress for word in judge(recognizer, utterance, name)]
    metadata[engine.CALIBRATION] = calibration(words)
    format.write(
        out, metadata, {entry.name: (packed.stored(entry.name), entry.codec) for entry in packed.entries}
    )
    measured = metadata[engine.CALIBRATION]["measured"]
    click.echo("  ".join(f"{name} {value:g}" for name, value in measured.items()))


@dataclass(frozen=True)
class JudgedWord:
    """A word that was heard: in which set, who spoke, how sure the recogniser was, and whether it was right."""

    set: str
    speaker: str
    confidence: float
    is_right: bool


def judge(recognizer: "Recognizer", utterance: "Utterance", name: str) -> list[JudgedWord]:
    """The words that ``recognizer`` hears in ``utterance`` of the set ``name``."""
    from stapes.corpus import normalise
    from stapes.corpus.recording import read_utterance
    from stapes.evaluate import right_words

    heard = recognizer.transcribe(read_utterance(utterance), SAMPLE_RATE_HZ)
    right = right_words(normalise(utterance.text), heard.text)
    return [
        JudgedWord(name, utterance.speaker or utterance.id, word.confidence, is_right)
        for word, is_right in zip(heard.words, right, strict=True)
    ]


def calibration(words: Sequence[JudgedWord]) -> dict[str, Any]:
    """The metadata ``calibration`` that ``words`` with posteriors for confidences ask for; all sets count equally.

    Raises:
        CorpusError: the words are too few, or of a single speaker.
    """
    from stapes.evaluate import fit_calibration

    speakers = sorted({word.speaker for word in words})
    if len(speakers) < 2:
        raise CorpusError(f"calibration: {len(speakers)} speakers were heard; at least two are expected")
    halves = [[word for word in words if word.speaker in set(speakers[half::2])] for half in (0, 1)]
    mapped = [*_mapped(halves[0], halves[1]), *_mapped(halves[1], halves[0])]
    posteriors, confidences = fit_calibration(_confidences(words), _rights(words), _weights(words))
    return {
        "kind": "piecewise linear",
        "posteriors": posteriors,
        "confidences": confidences,
        "measured": {
            "words": len(words),
            "error_before": round(_error(words), 4),
            "error": round(_error(mapped), 4),
        },
    }


def _mapped(learned: Sequence[JudgedWord], told: Sequence[JudgedWord]) -> list[JudgedWord]:
    """The words ``told`` with the confidences of a map fitted on those ``learned``."""
    import numpy as np

    from stapes.evaluate import fit_calibration

    points = fit_calibration(_confidences(learned), _rights(learned), _weights(learned))
    found = np.interp(_confidences(told), *points)
    return [replace(word, confidence=float(each)) for word, each in zip(told, found, strict=True)]


def _error(words: Sequence[JudgedWord]) -> float:
    from stapes.evaluate import calibration_error

    return calibration_error(_confidences(words), _rights(words), _weights(words))


def _weights(words: Sequence[JudgedWord]) -> list[float]:
    """The less for each word, the more words its set has."""
    counts = Counter(word.set for word in words)
    return [1 / counts[word.set] for word in words]


def _confidences(words: Sequence[JudgedWord]) -> list[float]:
    return [word.confidence for word in words]


def _rights(words: Sequence[JudgedWord]) -> list[bool]:
    return [word.is_right for word in words]
