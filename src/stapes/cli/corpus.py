"""``stapes corpus``: manifests from recordings, and recordings from text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stapes.cli import report
from stapes.cli.context import class_files, class_option

if TYPE_CHECKING:
    from stapes.corpus.manifest import Utterance


@click.group("corpus")
def command() -> None:
    """Prepare, import and synthesise speech to train on."""


def _parse_sets(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[tuple[str, Path]]:
    sets = []
    for value in values:
        set_name, equals, path = value.partition("=")
        if not (set_name and equals and path):
            raise click.BadParameter(
                f"{value!r}; SET=MANIFEST is expected, for example synthetic=more/train.jsonl"
            )
        sets.append((set_name, Path(path)))
    return sets


@command.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--extra",
    "extras",
    multiple=True,
    metavar="SET=MANIFEST",
    callback=_parse_sets,
    help="A further training manifest and the set it counts as; may be given several times.",
)
@click.option(
    "--measured",
    multiple=True,
    metavar="SET=MANIFEST",
    callback=_parse_sets,
    help="A manifest that is measured on and its set: training and OUT/text.txt get none of its recordings, "
    "speakers and sentences; may be given several times.",
)
@click.option(
    "--recombine",
    "recombined",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How many sentences to add to OUT/text.txt with the slots of a labelled sentence filled from others.",
)
def prepare(
    data: Path,
    out: Path,
    extras: list[tuple[str, Path]],
    measured: list[tuple[str, Path]],
    recombined: int,
) -> None:
    """Write train, dev and test manifests of the sets in DATA to the folder OUT.

    DATA holds an4/, keywords/, digits/, single-words/ and synthetic-en/, or some of them. OUT/text.txt
    gets the sentences for a language model: those of the training set and of DATA/text/, less what is held out.
    They can be synthesised, too.
    """
    from stapes.corpus.sets import prepare as run

    prepared = run(data, out, extras, recombined, measured)
    _tell(prepared.manifests)
    click.echo(f"{'text':14} {len(prepared.sentences):7} sentences")
    for set_name, count in prepared.left_out.items():
        click.echo(f"left out of training: {count} of {set_name} with a held-out sentence, voice or speaker")


def _tell(parts: "Mapping[str, Sequence[Utterance]]") -> None:
    from stapes.corpus.manifest import summary

    for name, count, hours, speakers in summary(parts):
        click.echo(f"{name:14} {count:7} utterances {hours:8.2f} h {speakers:6} speakers")


def _write_sentences(out: Path, sentences: list[str]) -> None:
    """Write ``sentences`` to ``out``, and tell how many and what they are like."""
    from stapes.corpus.sentences import write_sentences

    write_sentences(out, sentences)
    click.echo(f"{len(sentences)} sentences, such as: {'; '.join(sentences[:5])}")


@command.command()
@click.argument("texts", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--count", default=5000, show_default=True, type=click.IntRange(1), help="Sentences to write.")
@click.option("--seed", default=0, show_default=True, help="Another seed gives other sentences.")
def drill(texts: Path, out: Path, count: int, seed: int) -> None:
    """Write sentences to OUT that spell, count, tell dates and times, and say the words of TEXTS out of context.

    Speak them with 'stapes corpus synthesise OUT …': running text alone teaches too little of all this.
    """
    from stapes.corpus.drills import drills
    from stapes.corpus.sentences import read_sentences

    sentences = drills(read_sentences(texts), count, seed)
    _write_sentences(out, sentences)


@command.command()
@click.argument("wordnet", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def examples(wordnet: Path, out: Path) -> None:
    """Write the usage examples of the dictionary in the folder WORDNET to OUT: short free English about anything.

    On Debian, 'apt install wordnet-base' brings the folder /usr/share/wordnet.
    """
    from stapes.corpus.sentences import dictionary_examples

    sentences = dictionary_examples(wordnet)
    _write_sentences(out, sentences)


@command.command()
@click.argument("grammar", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--count", default=5000, show_default=True, type=click.IntRange(1), help="Sentences to draw.")
@class_option("Values of a list of the grammar, one a line.")
@click.option("--seed", default=0, show_default=True, help="Another seed draws other sentences.")
def sample(grammar: Path, out: Path, count: int, classes: tuple[str, ...], seed: int) -> None:
    """Draw sentences that the file GRAMMAR can say, and write them to OUT; those with a wildcard are left out.

    Speak them with 'stapes corpus synthesise', or let a language model learn from them.
    """
    import random

    from stapes.corpus.sentences import read_sentences
    from stapes.errors import CorpusError
    from stapes.grammar import Grammar

    lists = {name: read_sentences(path) for name, path in class_files(classes).items()}
    loaded = Grammar.load(grammar, lists)
    for problem in loaded.problems:
        report("warning", problem)
    draw = random.Random(seed)
    drawn = (loaded.sample(draw) for _ in range(count))
    sentences = list(dict.fromkeys(sentence for sentence in drawn if sentence))
    if not sentences:
        raise CorpusError(f"{grammar}: in {count} draws no sentence without a wildcard came; one is expected")
    _write_sentences(out, sentences)


@command.command("import")
@click.argument(
    "kind", type=click.Choice(["librispeech", "commonvoice", "speechcommands", "kaldi", "lhotse"])
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def import_command(kind: str, folder: Path, out: Path) -> None:
    """Write a manifest to OUT for each part of the corpus of that KIND in FOLDER."""
    from stapes.corpus.readers import import_corpus

    _tell(import_corpus(kind, folder, out))


@command.command()
@click.argument("texts", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--engine",
    type=click.Choice(["kokoro", "hibari", "espeak", "flite", "pico", "rhvoice"]),
    default="espeak",
    show_default=True,
)
@click.option(
    "--voices", default="", metavar="A,B,…", help="Voices to draw from; all of the engine's by default."
)
@click.option(
    "--kokoro", type=click.Path(path_type=Path), help="Folder with kokoro.onnx, vocab.json and voices/."
)
@click.option("--jobs", type=int, default=1, show_default=True, help="Processes.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws other voices and speeds.")
@click.option(
    "--exclude",
    "excluded",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="MANIFEST",
    help="Sentences of this dev or test manifest are not spoken; may be given several times.",
)
def synthesise(
    texts: Path,
    out: Path,
    engine: str,
    voices: str,
    kokoro: Path | None,
    jobs: int,
    seed: int,
    excluded: tuple[Path, ...],
) -> None:
    """Speak the sentences of the file TEXTS, one a line, into OUT/manifest.jsonl and its recordings.

    Stopped and started again, it goes on where it was. Voices held out for development are never used.
    """
    from stapes.corpus.manifest import read_manifest
    from stapes.corpus.sentences import read_sentences
    from stapes.corpus.synthesise import SynthesisConfig
    from stapes.corpus.synthesise import synthesise as run

    config = SynthesisConfig(
        engine, tuple(voice for voice in voices.split(",") if voice), kokoro, seed=seed, jobs=jobs
    )
    held_out = [utterance for path in excluded for utterance in read_manifest(path)]
    with _progress("speaking") as on_progress:
        result = run(read_sentences(texts), out, config, held_out, on_progress)
    click.echo(
        f"{out / 'manifest.jsonl'}: {result.spoken} spoken, {result.resumed} there already, "
        f"{result.excluded} held out, {result.unspeakable} that {engine} cannot say"
    )


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def games(folder: Path, out: Path) -> None:
    """Write the spoken lines of the adventure games in FOLDER to OUT/manifest.jsonl and its recordings.

    Beneath a Steel Sky, Flight of the Amazon Queen and Drascula are read, those of them that are there: seven
    hours of acted speech with its words, under licences that permit to use, copy and change it. Stopped and
    started again, it goes on where it was.

    \b
    Example:
      apt install beneath-a-steel-sky flight-of-the-amazon-queen drascula
      stapes corpus games /usr/share/scummvm games
      stapes corpus prepare data runs/data --extra games=games/manifest.jsonl
    """
    from stapes.corpus.games import gather_games
    from stapes.corpus.manifest import summary

    with _progress("reading") as on_progress:
        gathered = gather_games(folder, out, on_progress)
    _tell(gathered.games)
    for package in gathered.missing:
        click.echo(f"not found: {package}")
    everything = [utterance for utterances in gathered.games.values() for utterance in utterances]
    ((_, count, hours, speakers),) = summary({"games": everything})
    dropped = ", ".join(f"{number} {reason}" for reason, number in gathered.dropped.most_common())
    click.echo(
        f"{out / 'manifest.jsonl'}: {count} lines, {hours:.2f} h, {speakers} speakers, "
        f"{gathered.resumed} there already; dropped: {dropped or 'none'}"
    )


@command.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def noise(folders: tuple[Path, ...], out: Path) -> None:
    """Cut the sound files below each FOLDER, in which nobody may speak, into OUT/manifest.jsonl and its recordings.

    Training hears them behind half of the speech that it hears among noise, and alone, where there is nothing to
    write. Music, machines, animals and effects of games are good; words in them would be unlearned. Stopped and started
    again, it goes on where it was.

    \b
    Example:
      apt install wesnoth-1.16-music sonic-pi-samples
      stapes corpus noise /usr/share/games/wesnoth /usr/share/sonic-pi noise
      stapes corpus prepare data runs/data --extra noise=noise/manifest.jsonl
    """
    from stapes.corpus.noise import gather_noises

    with _progress("cutting") as on_progress:
        gathered = gather_noises(folders, out, on_progress)
    hours = sum(each.duration for each in gathered.noises) / 3600
    dropped = ", ".join(f"{number} {reason}" for reason, number in gathered.dropped.most_common())
    click.echo(
        f"{out / 'manifest.jsonl'}: {len(gathered.noises)} stretches, {hours:.2f} h, {gathered.resumed} there already; "
        f"files dropped: {dropped or 'none'}"
    )


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    from stapes.errors import MissingExtraError

    try:
        from rich.console import Console
        from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
    except ImportError:
        raise MissingExtraError("rich", "train", "The progress bar") from None
    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
