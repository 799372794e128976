"""Files of phrases and of names: one a line."""

from collections.abc import Mapping
from pathlib import Path

from stapes.decode.biasing.entries import Entry
from stapes.decode.biasing.phrases import Phrases
from stapes.errors import ConfigError

ARROW = "=>"


def read_phrases(phrases: Path | None, classes: Mapping[str, Path]) -> Phrases:
    """The phrases in a file, and the names of the classes in others.

    A line is a text; after a tab its weight may follow, and ``spoken => written`` gives the written form as well.
    Empty lines and lines that begin with # say nothing.

    Args:
        phrases: file of phrases; None for none.
        classes: file of the names of each class.

    Raises:
        ConfigError: a file cannot be read, or what `Phrases` refuses.
    """
    aliases: dict[str, str] = {}
    listed = [] if phrases is None else _read(phrases, aliases)
    return Phrases(listed, {name: _read(path, aliases) for name, path in classes.items()}, aliases)


def _read(path: Path, aliases: dict[str, str]) -> list[Entry]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"{path}: cannot be read; a text file in UTF-8 with one phrase a line is expected"
        ) from None
    return [_entry(line, aliases) for line in map(str.strip, lines) if line and not line.startswith("#")]


def _entry(line: str, aliases: dict[str, str]) -> Entry:
    """The entry in ``line``; its written form goes to ``aliases``."""
    text, _, weight = line.partition("\t")
    spoken, arrow, written = (part.strip() for part in text.partition(ARROW))
    if arrow and written:
        aliases[spoken] = written
    try:
        return (spoken, float(weight)) if weight else spoken
    except ValueError:
        # Not a number: refused by its list like any other weight out of range.
        return spoken, float("nan")
