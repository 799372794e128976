"""Words on the screen that change while they are heard."""

import shutil
import sys

import click

CLEAR_LINE = "\r\x1b[K"


class LiveLine:
    """One line of text that grows: rewritten in place on a terminal, elsewhere a line for each change.

    Args:
        prefix: stands in front of every text.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._is_terminal = sys.stdout.isatty()
        self._shown: str | None = None

    def show(self, text: str) -> None:
        """Show ``text`` until the next call."""
        self._shown = text
        if self._is_terminal:
            # A line that wraps cannot be rewritten, so only its end is shown.
            room = shutil.get_terminal_size().columns - 1
            click.echo(CLEAR_LINE + (self._prefix + text)[-room:], nl=False)
        else:
            click.echo(self._prefix + text)

    def finish(self, text: str) -> None:
        """Leave ``text`` on the line and begin a new one."""
        if self._is_terminal and self._shown is not None:
            click.echo(CLEAR_LINE, nl=False)
        if self._is_terminal or text != self._shown:
            click.echo(self._prefix + text)
        self._shown = None

    def abandon(self) -> None:
        """Leave what was shown as it is and begin a new line."""
        if self._is_terminal and self._shown is not None:
            click.echo()
        self._shown = None
