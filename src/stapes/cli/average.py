"""``stapes average``: weights between those of two runs."""

from pathlib import Path

import click

from stapes.errors import MissingExtraError


@click.command(short_help="A mean of two checkpoints.")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--share",
    default=0.2,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Of the weights of SECOND in the mean.",
)
def command(first: Path, second: Path, target: Path, share: float) -> None:
    """Write the checkpoint FIRST to TARGET with weights that lie between those of FIRST and of SECOND.

    A run that began with the weights of SECOND may have lost some of what these were good at; a mean of both keeps most
    of either. Try several shares, and keep the one that is best on recordings that neither was trained on.

    \b
    Example:
      stapes average runs/new/best.safetensors start.safetensors mean.safetensors --share 0.2
    """
    try:
        from stapes.train import average
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Averaging checkpoints") from None
    average(first, second, share, target)
