"""The manifests that ``stapes corpus prepare`` writes, as benchmarks take them."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from stapes.corpus import Utterance, read_manifest

Item = TypeVar("Item")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def data_option(function: _Command) -> _Command:
    """``--data DIR``: required, never a default."""
    return click.option(
        "--data",
        required=True,
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder that `stapes corpus prepare` wrote.",
    )(function)


def load(data: Path, name: str, limit: int | None = None) -> list[Utterance]:
    """The manifest ``name`` in the folder ``data``; ``limit`` takes that many, evenly spread over it."""
    path = data / f"{name}.jsonl"
    if not path.is_file():
        raise click.UsageError(
            f"--data {data}: {path.name} is not there; the folder that `stapes corpus prepare DATA OUT` "
            "wrote is expected"
        )
    return thin(read_manifest(path, check_audio=True), limit)


def thin(items: list[Item], limit: int | None) -> list[Item]:
    """At most ``limit`` of ``items``, evenly spread."""
    if limit is None or limit >= len(items):
        return items
    return [items[index * len(items) // limit] for index in range(limit)]


def checksum(utterances: list[Utterance]) -> str:
    """SHA-256 over ids and texts: tells whether two results are about the same recordings."""
    lines = "".join(f"{utterance.id}\t{utterance.text}\n" for utterance in utterances)
    return hashlib.sha256(lines.encode()).hexdigest()
