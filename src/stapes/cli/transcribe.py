"""``stapes transcribe``: the words in recordings."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from stapes.cli import EXIT_ERROR, beam_option, model_option, report
from stapes.cli.context import class_files, class_option, phrases_option, read_context
from stapes.cli.lattices import require_form, write_lattice
from stapes.cli.live import LiveLine
from stapes.errors import AudioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stapes.grammar import Grammar
    from stapes.session import Expected, Recognizer, Transcript, Understanding

STREAM_BLOCK_SECONDS = 0.1
STANDARD_ERROR = 2
NOT_UNDERSTOOD = "not understood"


@click.command(name="transcribe")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@model_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the time of each word.")
@click.option("--stream", "streaming", is_flag=True, help="Show the words as they grow.")
@beam_option(least=1)
@phrases_option
@class_option("File of the names behind @NAME in --phrases, or {NAME} in --grammar.")
@click.option(
    "--grammar", type=click.Path(path_type=Path), help="File of the sentences that are to be understood."
)
@click.option("--strict", is_flag=True, help="With --grammar: tell nothing of what is not understood.")
@click.option(
    "--lattice",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for what else may have been said in a single recording: .svg, .json or .lattice.",
)
def command(
    files: tuple[Path, ...],
    model: Path | None,
    as_json: bool,
    streaming: bool,
    beam: int,
    phrases: Path | None,
    classes: tuple[str, ...],
    grammar: Path | None,
    strict: bool,
    lattice: Path | None,
) -> int:
    """Write the words in FILES.

    FILES are wav, flac, ogg, opus or mp3, with a sample rate of 8 to 192 kHz and any number of channels.
    One file gives its words; several give a line each, with the name of the file in front. A file that
    cannot be read is reported, the others are still done, and the exit code is 2.

    \b
    Examples:
      stapes transcribe command.wav
      stapes transcribe *.flac
      stapes transcribe interview.mp3 --json | jq .words
      stapes transcribe interview.mp3 --stream
      stapes transcribe command.wav --phrases home.txt --class room=rooms.txt
      stapes transcribe command.wav --grammar home.yaml --class room=rooms.txt --strict
      stapes transcribe command.wav --lattice command.svg

    With --json a line holds file, text, duration in seconds, and words: each as [word, start, end,
    confidence], with times in seconds and confidence from 0 to 1. With --stream as well it also holds final:
    false while the words may still change.

    --phrases makes words likelier that are its lines, such as «turn on the light in @room», where @room stands
    for any line of the file of --class room=FILE. A weight may follow a line after a tab (1 is usual, above 0 to 10
    are accepted), and «spoken => written» shows the written form in place of the spoken. A line that cannot be
    listened for is reported.

    --grammar understands sentences: the file has those of Home Assistant or of a Rhino context, in YAML or JSON.
    Behind the words stand the intent and its slots; with --json the line also holds understood, intent and slots.
    What is no sentence of the grammar is written as it was heard, or as «not understood» with --strict.

    --lattice writes the words that were held for possible in one recording, with times and probabilities: as a
    drawing (.svg) of all that is at least 1 % probable, as JSON (.json) or in a few bytes a word (.lattice).
    """
    from stapes.session import Recognizer

    if strict and grammar is None:
        raise click.UsageError("--strict: a grammar in --grammar is expected")
    if lattice is not None:
        if len(files) > 1:
            raise click.UsageError(f"--lattice: one recording is expected, {len(files)} are given")
        require_form(lattice)
    lists = class_files(classes)
    hearing = _Hearing(
        Recognizer(model, beam),
        read_context(phrases, lists) if phrases or grammar is None else [],
        _grammar(grammar, lists),
        strict,
        lattice,
    )
    failures = 0
    for file in files:
        output: _Output = _Json(file, streaming) if as_json else _Text(file if len(files) > 1 else None)
        try:
            _transcribe(hearing, file, output, streaming)
        except AudioError as error:
            output.abandon()
            report("error", str(error))
            failures += 1
    return EXIT_ERROR if failures else 0


class _Output(Protocol):
    """Where the words of one file go."""

    def partial(self, transcript: "Transcript") -> None: ...

    def final(self, transcript: "Transcript", understanding: "Understanding | None") -> None: ...

    def abandon(self) -> None: ...


class _Text:
    def __init__(self, name: Path | None) -> None:
        self._line = LiveLine("" if name is None else f"{name}: ")

    def partial(self, transcript: "Transcript") -> None:
        self._line.show(transcript.text)

    def final(self, transcript: "Transcript", understanding: "Understanding | None") -> None:
        self._line.finish(transcript.text if understanding is None else _told(understanding))

    def abandon(self) -> None:
        self._line.abandon()


class _Json:
    def __init__(self, file: Path, streaming: bool) -> None:
        self._file = file
        self._streaming = streaming

    def partial(self, transcript: "Transcript") -> None:
        self._write(transcript, is_final=False)

    def final(self, transcript: "Transcript", understanding: "Understanding | None") -> None:
        if understanding is not None:
            transcript = understanding.transcript
        self._write(transcript, is_final=True, understanding=understanding)

    def abandon(self) -> None:
        """Every line is whole already."""

    def _write(
        self, transcript: "Transcript", is_final: bool, understanding: "Understanding | None" = None
    ) -> None:
        fields = {
            "file": str(self._file),
            "text": transcript.text,
            "duration": round(transcript.duration, 3),
            "words": [
                [word.text, round(word.start, 3), round(word.end, 3), round(word.confidence, 3)]
                for word in transcript.words
            ],
        }
        if understanding is not None:
            fields["understood"] = understanding.understood
            fields["intent"] = understanding.intent
            fields["slots"] = dict(understanding.values)
        if self._streaming:
            fields["final"] = is_final
        click.echo(json.dumps(fields, ensure_ascii=False))


def _told(understanding: "Understanding") -> str:
    """The words, the intent and its slots on one line."""
    if not understanding.understood:
        return understanding.text or NOT_UNDERSTOOD
    slots = (
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in understanding.values.items()
    )
    return f"{understanding.text} → {' '.join([str(understanding.intent), *slots])}"


@dataclass(frozen=True)
class _Hearing:
    """Who listens, and for what."""

    recognizer: "Recognizer"
    expected: "Sequence[Expected]"
    grammar: "Grammar | None"
    strict: bool
    lattice: Path | None


def _grammar(path: Path | None, classes: Mapping[str, Path]) -> "Grammar | None":
    """The grammar in ``path`` with the lists of --class; what in them cannot be said is reported."""
    from stapes.grammar import Grammar, read_values

    if path is None:
        return None
    grammar = Grammar.load(path, {name: read_values(file) for name, file in classes.items()})
    for problem in grammar.problems:
        report("warning", problem)
    return grammar


def _transcribe(hearing: _Hearing, file: Path, output: _Output, streaming: bool) -> None:
    """Write the words in ``file`` to ``output``; while ``streaming``, also whenever they change."""
    from stapes.audio import AudioReader

    reader = AudioReader(file, block_seconds=STREAM_BLOCK_SECONDS) if streaming else AudioReader(file)
    stream = hearing.recognizer.stream(expected=hearing.expected, grammar=hearing.grammar)
    told = ""
    for block in _without_chatter(reader):
        stream.accept(block)
        if streaming and (partial := stream.partial).text != told:
            told = partial.text
            output.partial(partial)
    final = stream.finish()
    output.final(final, stream.understanding(hearing.strict) if hearing.grammar else None)
    if hearing.lattice is not None:
        write_lattice(stream.lattice, hearing.lattice)
    if reader.warning:
        report("warning", reader.warning)


def _without_chatter(blocks: "Iterable[NDArray[np.float32]]") -> "Iterator[NDArray[np.float32]]":
    """``blocks``, without the notes on damaged files that the decoder of mp3 writes to standard error."""
    iterator = iter(blocks)
    while True:
        with _standard_error_closed():
            block = next(iterator, None)
        if block is None:
            return
        yield block


@contextmanager
def _standard_error_closed() -> Iterator[None]:
    kept, nowhere = os.dup(STANDARD_ERROR), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
        os.close(nowhere)
