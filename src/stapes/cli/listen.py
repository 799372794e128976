"""``stapes listen``: what is said to the microphone, as it is said."""

import json
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stapes.cli import model_option, report
from stapes.cli.context import class_files, class_option, phrases_option, read_context
from stapes.cli.live import LiveLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stapes.session import Event, Session

FILE_BLOCK_SECONDS = 0.1
# Stands behind words that are probably all.
SPECULATION_MARK = " …?"


@click.command(name="listen")
@model_option
@click.option(
    "--endpoint",
    type=click.Choice(["fast", "normal", "patient"]),
    default="normal",
    show_default=True,
    help="How soon an utterance is taken as finished.",
)
@click.option("--file", type=click.Path(path_type=Path), help="A recording instead of the microphone.")
@click.option("--json", "as_json", is_flag=True, help="Every event as a JSON object on a line of its own.")
@phrases_option
@class_option("File of the names behind @NAME in --phrases.")
def command(
    model: Path | None,
    endpoint: str,
    file: Path | None,
    as_json: bool,
    phrases: Path | None,
    classes: tuple[str, ...],
) -> None:
    """Write the words that the microphone hears.

    The words grow on one line as they are spoken, until Ctrl-C; a mark behind them says that the speaker has
    probably finished, and a new line begins when it is sure. In a file or a pipe each utterance is a line, written
    when it has ended. The sound stays on this machine.

    \b
    Examples:
      pip install 'stapes[microphone]'
      stapes listen
      stapes listen --endpoint patient > notes.txt
      stapes listen --file meeting.flac --json
      stapes listen --phrases home.txt --class room=rooms.txt

    --phrases and --class are those of stapes transcribe.
    """
    from stapes.audio import AudioReader, AudioWarning, Microphone
    from stapes.session import Recognizer, Session

    expected = read_context(phrases, class_files(classes))
    blocks = Microphone() if file is None else AudioReader(file, block_seconds=FILE_BLOCK_SECONDS)
    session = Session(Recognizer(model), endpoint, expected=expected)
    with warnings.catch_warnings(action="always", category=AudioWarning):
        warnings.showwarning = _report_warning
        _listen(session, blocks, _write_json if as_json else _Lines().write)
    if isinstance(blocks, AudioReader) and blocks.warning:
        report("warning", blocks.warning)


def _listen(
    session: "Session", blocks: "Iterable[NDArray[np.float32]]", write: "Callable[[Event], None]"
) -> None:
    """Write what is told of ``blocks``."""
    try:
        for block in blocks:
            for event in session.accept(block):
                write(event)
    finally:
        # Ctrl-C may come in the middle of a word.
        for event in session.finish():
            write(event)


def _write_json(event: "Event") -> None:
    from stapes.session import to_json

    click.echo(json.dumps(to_json(event), ensure_ascii=False))


class _Lines:
    """A line an utterance, which grows on a terminal."""

    def __init__(self) -> None:
        self._line = LiveLine()
        self._grows = sys.stdout.isatty()

    def write(self, event: "Event") -> None:
        """Show what ``event`` changes."""
        from stapes.session import Final, Partial, Speculative

        if isinstance(event, Final):
            if event.transcript.text:
                self._line.finish(event.transcript.text)
        elif self._grows and isinstance(event, Partial):
            self._line.show(event.text)
        elif self._grows and isinstance(event, Speculative):
            self._line.show(event.transcript.text + SPECULATION_MARK)


def _report_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    report("warning", str(message))
