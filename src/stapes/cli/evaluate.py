"""``stapes evaluate``: how many words of a manifest are heard right."""

import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stapes.cli import beam_option, model_option
from stapes.cli.processes import spread
from stapes.errors import CorpusError
from stapes.units import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from stapes.corpus import Utterance
    from stapes.evaluate import Pair
    from stapes.session import Recognizer


@click.command(name="evaluate")
@click.argument("manifest", type=click.Path(path_type=Path))
@model_option
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object, with what was heard in each recording."
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes at once.")
@beam_option(least=1)
def command(manifest: Path, model: Path | None, as_json: bool, jobs: int, beam: int) -> None:
    """Score what a model hears in the recordings of MANIFEST.

    Words and characters are compared in spoken form; the table gives error rates with their 95 % confidence
    interval, substitutions, deletions and insertions, for all recordings, by set and by speaker, and the most
    frequent confusions.

    \b
    Examples:
      stapes evaluate runs/data/test-an4.jsonl
      stapes evaluate mine.jsonl --model runs/mine/model.stapes --json > result.json
    """
    from stapes.corpus import read_manifest
    from stapes.evaluate import as_json as report_as_json
    from stapes.evaluate import as_table, evaluate

    utterances = read_manifest(manifest, check_audio=True)
    if not utterances:
        raise CorpusError(f"{manifest}: no recordings; one JSON object a line is expected")
    pairs = _hear(utterances, model, beam, jobs)
    report = evaluate(pairs)
    if as_json:
        heard = [{"id": pair.id, "said": pair.reference, "heard": pair.hypothesis} for pair in pairs]
        fields = {"manifest": str(manifest), "beam": beam, **report_as_json(report), "recordings": heard}
        click.echo(json.dumps(fields, ensure_ascii=False))
    else:
        click.echo(as_table(report))


def _hear(utterances: list["Utterance"], model: Path | None, beam: int, jobs: int) -> list["Pair"]:
    """What was said and what is heard, in order, with a progress bar where there is a terminal."""
    with spread(functools.partial(_transcribe, model, beam), utterances, jobs) as texts:
        if not sys.stderr.isatty():
            return list(map(_pair, utterances, texts))
        with click.progressbar(texts, length=len(utterances), label="hearing", file=sys.stderr) as progress:
            return list(map(_pair, utterances, progress))


def _pair(utterance: "Utterance", text: str) -> "Pair":
    from stapes.corpus import normalise
    from stapes.evaluate import Pair

    return Pair(utterance.id, normalise(utterance.text), normalise(text), utterance.speaker, utterance.set)


def _transcribe(model: Path | None, beam: int, utterance: "Utterance") -> str:
    from stapes.corpus.recording import read_utterance

    return _recognizer(model, beam).transcribe(read_utterance(utterance), SAMPLE_RATE_HZ).text


@functools.cache
def _recognizer(model: Path | None, beam: int) -> "Recognizer":
    """One for each process."""
    from stapes.session import Recognizer

    return Recognizer(model, beam)
