"""Word error rate of the bundled model and of Whisper tiny.en, on the same recordings, on one thread each."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks import manifests, systems
from benchmarks.memory import Memory
from benchmarks.reading import best_reading
from benchmarks.record import record, results_option
from stapes.corpus import Utterance, normalise
from stapes.engine import find_model
from stapes.evaluate import Pair, Score, score

SETS = (
    "test-an4",
    "dev-synthetic",
    "dev-prompts",
    "test-learners",
    "test-keywords",
    "test-digits",
    "test-words",
    "test-commands",
)
# What a transcript says, given the transcript and the reference.
Reading = Callable[[str, str], str]


def strictly(written: str, reference: str) -> str:
    """The one spoken form of ``written``, whatever the reference."""
    return normalise(written)


@click.command("wer")
@manifests.data_option
@click.option(
    "--whisper", type=click.Path(file_okay=False, path_type=Path), help="Virtual environment of the peer."
)
@click.option(
    "--model", type=click.Path(path_type=Path), help="Instead of the bundled one: a file or a name."
)
@click.option("--peer-only", is_flag=True, help="Leave the results of the bundled model as they are.")
@click.option(
    "--keep", type=click.Path(dir_okay=False, path_type=Path), help="File of what the peer has heard already."
)
@click.option("--set", "names", multiple=True, type=click.Choice(SETS), default=SETS, help="Sets to score.")
@click.option("--limit", type=click.IntRange(1), help="Recordings of each set, evenly spread.")
@results_option
def main(
    data: Path,
    model: Path | None,
    whisper: Path | None,
    peer_only: bool,
    keep: Path | None,
    names: Sequence[str],
    limit: int | None,
    results: Path,
) -> None:
    """Score the bundled model, another --model, or with --whisper also Whisper tiny.en."""
    if peer_only and not whisper:
        raise click.UsageError("--peer-only: the peer's virtual environment is expected in --whisper")
    sets = {name: manifests.load(data, name, limit) for name in names}
    if not peer_only:
        path = find_model(model)
        name = f"wer-{path.stem}" if model else "wer"
        record(name, measure(systems.stapes(path), sets, strictly), model=path, folder=results)
    if whisper:
        peer, size = systems.whisper(whisper), systems.whisper_bytes(whisper)
        facts = {"system": peer.name, "model_bytes": size, **measure(peer, sets, best_reading, keep)}
        record("wer-whisper", facts, folder=results)


def measure(
    system: systems.System, sets: dict[str, list[Utterance]], reading: Reading, keep: Path | None = None
) -> dict[str, Any]:
    """Scores by set, and the real-time factor over all of them."""
    scores = {}
    total_seconds = total_duration = 0.0
    for name, utterances in sets.items():
        heard = hear(system, name, utterances, keep)
        seconds = sum(entry.seconds for entry in heard)
        duration = sum(utterance.duration for utterance in utterances)
        pairs = [
            Pair(utterance.id, utterance.text, reading(entry.text, utterance.text))
            for utterance, entry in zip(utterances, heard, strict=True)
        ]
        scores[name] = {
            **_facts(score(pairs)),
            "hours": duration / 3600,
            "manifest": manifests.checksum(utterances),
        }
        total_seconds, total_duration = total_seconds + seconds, total_duration + duration
    return {"sets": scores, "real_time_factor": total_seconds / total_duration}


def hear(
    system: systems.System, name: str, utterances: Sequence[Utterance], keep: Path | None = None
) -> list[systems.Heard]:
    """What ``system`` hears in the set ``name``; with ``keep``, it is not asked what stands in that file."""
    label = f"{system.name}, {name}"
    with (
        Memory(keep).listening(system) if keep else systems.listening(system) as listen,
        click.progressbar(utterances, label=label, file=sys.stderr) as progress,
    ):
        return [listen(utterance) for utterance in progress]


def _facts(result: Score) -> dict[str, Any]:
    return {
        "recordings": result.utterances,
        "words": result.words,
        "wer": result.wer,
        "interval": result.interval,
        "cer": result.cer,
        "accuracy": result.accuracy,
        "substitutions": result.substitutions,
        "deletions": result.deletions,
        "insertions": result.insertions,
    }


if __name__ == "__main__":
    main()
