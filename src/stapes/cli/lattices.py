"""Word lattices as files."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stapes.errors import ConfigError

if TYPE_CHECKING:
    from stapes.lattice import Lattice

FORMS = (".svg", ".json", ".lattice")
# What is less probable would hide the rest in a drawing.
DRAWN_POSTERIOR = 0.01


def require_form(path: Path) -> None:
    """Refuse a file name that tells no form of a lattice, and a folder that is not there.

    Raises:
        click.UsageError: it is refused.
    """
    if path.suffix not in FORMS:
        raise click.UsageError(f"--lattice {path}: a name that ends in {', '.join(FORMS)} is expected")
    if not path.parent.is_dir():
        raise click.UsageError(f"--lattice {path}: the folder {path.parent} is not there")


def write_lattice(lattice: "Lattice", path: Path) -> None:
    """Write ``lattice`` in the form that the end of ``path`` tells: a drawing, JSON or the wire form.

    Raises:
        ConfigError: the file cannot be written, or the lattice is too large for its form.
    """
    from stapes.lattice import prune, to_bytes, to_json, to_svg

    if path.suffix == ".svg":
        content = to_svg(prune(lattice, DRAWN_POSTERIOR)).encode()
    elif path.suffix == ".json":
        content = to_json(lattice).encode()
    else:
        content = to_bytes(lattice)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            partial.unlink()
