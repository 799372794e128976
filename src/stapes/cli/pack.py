"""``stapes pack``: from a training run to a model file."""

from pathlib import Path

import click

from stapes.errors import MissingExtraError


@click.command(short_help="Pack a checkpoint in 8 bits.")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--half", is_flag=True, help="Write float16 weights to go on training from, instead of a packed model."
)
@click.option(
    "--text",
    type=click.Path(path_type=Path),
    help="Sentences, one a line, for a language model that goes along; stapes corpus prepare writes them.",
)
def command(checkpoint: Path, model: Path, half: bool, text: Path | None) -> None:
    """Pack the averaged weights of CHECKPOINT into MODEL: matrices in 8 bits, vectors in float32.

    \b
    Examples:
      stapes pack runs/en-assistant/best.safetensors en-assistant.stapes --text prepared/text.txt
      stapes pack runs/en-assistant/best.safetensors en-assistant.safetensors --half
    """
    try:
        from stapes.compress import half_precision, pack
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Packing") from None
    if half and text is not None:
        raise click.UsageError("--half writes weights alone; --text is for a packed model.")
    if half:
        half_precision(checkpoint, model)
    else:
        pack(checkpoint, model, text=text)
