"""The options that say what is likely to be said, for every verb that hears."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stapes.cli import Command, report

if TYPE_CHECKING:
    from stapes.session import Expected

phrases_option = click.option(
    "--phrases", type=click.Path(path_type=Path), help="File of what is likely to be said."
)


def class_option(explanation: str) -> Callable[[Command], Command]:
    """The option ``--class``, which may be given several times."""
    return click.option("--class", "classes", multiple=True, metavar="NAME=FILE", help=explanation)


def class_files(classes: tuple[str, ...]) -> dict[str, Path]:
    """The file of each class, from the values of --class."""
    files = {}
    for option in classes:
        name, equals, file = option.partition("=")
        if not (name and equals and file):
            raise click.UsageError(f"--class {option}: NAME=FILE is expected, such as contact=names.txt")
        files[name] = Path(file)
    return files


def read_context(phrases: Path | None, classes: Mapping[str, Path]) -> "list[Expected]":
    """What is in the files of --phrases and --class; what in them cannot be listened for is reported."""
    from stapes.decode import read_phrases

    if phrases is None and not classes:
        return []
    read = read_phrases(phrases, classes)
    for problem in read.problems:
        report("warning", str(problem))
    return [read]
