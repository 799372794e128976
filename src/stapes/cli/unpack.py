"""``stapes unpack``: from a packed model back to a checkpoint."""

from pathlib import Path

import click

from stapes.cli import model_option
from stapes.errors import MissingExtraError


@click.command(short_help="A checkpoint from a packed model.")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@model_option
def command(checkpoint: Path, model: Path | None) -> None:
    """Write the network of a packed model to CHECKPOINT, to go on training from it.

    \b
    Examples:
      stapes unpack start.safetensors
      stapes train recipes/assistant-en.toml --data data --start-from start.safetensors
    """
    try:
        from stapes.compress import unpack
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Unpacking") from None
    from stapes.engine import find_model

    unpack(find_model(model), checkpoint)
