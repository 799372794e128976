"""``stapes pack``: from a training run to a model file."""

from pathlib import Path

import click

from stapes.errors import MissingExtraError


@click.command(short_help="Pack a checkpoint in 8 bits.")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--text",
    type=click.Path(path_type=Path),
    help="Sentences, one a line, for a language model that goes along; stapes corpus prepare writes them.",
)
def command(checkpoint: Path, model: Path, text: Path | None) -> None:
    """Pack the averaged weights of CHECKPOINT into MODEL: matrices in 8 bits, vectors in float32.

    \b
    Example:
      stapes pack runs/en-assistant/best.safetensors en-assistant.stapes --text prepared/text.txt
    """
    try:
        from stapes.compress import pack
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Packing") from None
    pack(checkpoint, model, text=text)
