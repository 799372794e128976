"""``stapes listen``: the words from the microphone."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stapes.cli import report
from stapes.cli.live import LiveLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stapes.session import Recognizer

PAUSE_SECONDS = 1.0


@click.command(name="listen")
@click.option(
    "--model", type=click.Path(path_type=Path), help="A packed model instead of the one that is built in."
)
def command(model: Path | None) -> None:
    """Write the words that the microphone hears.

    The words grow on one line as they are spoken, until Ctrl-C; after a second without a new word a new
    line begins. The sound stays on this machine.

    \b
    Examples:
      pip install 'stapes[microphone]'
      stapes listen
      stapes listen > notes.txt
    """
    from stapes.audio import AudioWarning, Microphone
    from stapes.session import Recognizer

    microphone = Microphone()
    recognizer = Recognizer(model)
    with warnings.catch_warnings(action="always", category=AudioWarning):
        warnings.showwarning = _report_warning
        _listen(recognizer, microphone)


def _listen(recognizer: "Recognizer", blocks: "Iterable[NDArray[np.float32]]") -> None:
    """Write the words in ``blocks``, one line for what is said between two pauses."""
    line = LiveLine()
    stream = recognizer.stream()
    text, changed_at = "", 0.0
    try:
        for block in blocks:
            partial = stream.accept(block).partial
            if partial.text != text:
                text, changed_at = partial.text, partial.duration
                line.show(text)
            elif text and partial.duration - changed_at >= PAUSE_SECONDS:
                line.finish(stream.finish().text)
                stream = recognizer.stream()
                text = ""
    finally:
        # Ctrl-C may come in the middle of a word.
        if rest := stream.finish().text:
            line.finish(rest)


def _report_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    report("warning", str(message))
