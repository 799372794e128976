"""``stapes transcribe``: the words in recordings."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from stapes.cli import EXIT_ERROR, report
from stapes.cli.live import LiveLine
from stapes.errors import AudioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stapes.session import Expected, Recognizer, Transcript

STREAM_BLOCK_SECONDS = 0.1
STANDARD_ERROR = 2


@click.command(name="transcribe")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--model", type=click.Path(path_type=Path), help="A packed model instead of the one that is built in."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the time of each word.")
@click.option("--stream", "streaming", is_flag=True, help="Show the words as they grow.")
@click.option(
    "--beam", type=click.IntRange(min=1), default=8, show_default=True, help="Histories followed at once."
)
@click.option("--phrases", type=click.Path(path_type=Path), help="File of what is likely to be said.")
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME=FILE",
    help="File of the names behind @NAME in --phrases.",
)
def command(
    files: tuple[Path, ...],
    model: Path | None,
    as_json: bool,
    streaming: bool,
    beam: int,
    phrases: Path | None,
    classes: tuple[str, ...],
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

    With --json a line holds file, text, duration in seconds, and words: each as [word, start, end,
    confidence], with times in seconds and confidence from 0 to 1. With --stream as well it also holds final:
    false while the words may still change.

    --phrases makes words likelier that are its lines, such as «turn on the light in @room», where @room stands
    for any line of the file of --class room=FILE. A weight may follow a line after a tab (1 is usual, above 0 to 10
    are accepted), and «spoken => written» shows the written form in place of the spoken. A line that cannot be
    listened for is reported.
    """
    from stapes.session import Recognizer

    recognizer = Recognizer(model, beam)
    expected = _phrases(phrases, classes)
    failures = 0
    for file in files:
        output: _Output = _Json(file, streaming) if as_json else _Text(file if len(files) > 1 else None)
        try:
            _transcribe(recognizer, file, output, streaming, expected)
        except AudioError as error:
            output.abandon()
            report("error", str(error))
            failures += 1
    return EXIT_ERROR if failures else 0


class _Output(Protocol):
    """Where the words of one file go."""

    def partial(self, transcript: "Transcript") -> None: ...

    def final(self, transcript: "Transcript") -> None: ...

    def abandon(self) -> None: ...


class _Text:
    def __init__(self, name: Path | None) -> None:
        self._line = LiveLine("" if name is None else f"{name}: ")

    def partial(self, transcript: "Transcript") -> None:
        self._line.show(transcript.text)

    def final(self, transcript: "Transcript") -> None:
        self._line.finish(transcript.text)

    def abandon(self) -> None:
        self._line.abandon()


class _Json:
    def __init__(self, file: Path, streaming: bool) -> None:
        self._file = file
        self._streaming = streaming

    def partial(self, transcript: "Transcript") -> None:
        self._write(transcript, is_final=False)

    def final(self, transcript: "Transcript") -> None:
        self._write(transcript, is_final=True)

    def abandon(self) -> None:
        """Every line is whole already."""

    def _write(self, transcript: "Transcript", is_final: bool) -> None:
        fields = {
            "file": str(self._file),
            "text": transcript.text,
            "duration": round(transcript.duration, 3),
            "words": [
                [word.text, round(word.start, 3), round(word.end, 3), round(word.confidence, 3)]
                for word in transcript.words
            ],
        }
        if self._streaming:
            fields["final"] = is_final
        click.echo(json.dumps(fields, ensure_ascii=False))


def _phrases(phrases: Path | None, classes: tuple[str, ...]) -> "list[Expected]":
    """What is in the files of --phrases and --class; what in them cannot be listened for is reported."""
    from stapes.decode import read_phrases

    if phrases is None and not classes:
        return []
    files = {}
    for option in classes:
        name, equals, file = option.partition("=")
        if not (name and equals and file):
            raise click.UsageError(f"--class {option}: NAME=FILE is expected, such as contact=names.txt")
        files[name] = Path(file)
    read = read_phrases(phrases, files)
    for problem in read.problems:
        report("warning", str(problem))
    return [read]


def _transcribe(
    recognizer: "Recognizer", file: Path, output: _Output, streaming: bool, expected: "Sequence[Expected]"
) -> None:
    """Write the words in ``file`` to ``output``; while ``streaming``, also whenever they change."""
    from stapes.audio import AudioReader

    reader = AudioReader(file, block_seconds=STREAM_BLOCK_SECONDS) if streaming else AudioReader(file)
    stream = recognizer.stream(expected=expected)
    told = ""
    for block in _without_chatter(reader):
        stream.accept(block)
        if streaming and (partial := stream.partial).text != told:
            told = partial.text
            output.partial(partial)
    output.final(stream.finish())
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
