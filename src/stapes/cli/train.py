"""``stapes train``: from a recipe and data to a model."""

from pathlib import Path

import click

from stapes.errors import MissingExtraError


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder that 'stapes corpus prepare' wrote, or the data it reads.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the run; an unfinished run in it goes on. Default: runs/NAME of the recipe.",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Change a setting of the recipe."
)
@click.option(
    "--start-from",
    type=click.Path(path_type=Path),
    help="Begin with the weights of another run (its best.safetensors) instead of random ones; narrower ones grow.",
)
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(0), help="Processes that make batches."
)
def command(
    recipe: Path,
    data: Path,
    out: Path | None,
    overrides: tuple[str, ...],
    start_from: Path | None,
    workers: int,
) -> None:
    """Train the model that RECIPE describes.

    The run's folder holds checkpoint.safetensors (interrupt at any time; the same command goes on bit-identically),
    best.safetensors (for 'stapes pack'), history.jsonl and curves.png. Recordings without text are heard as noise,
    behind speech and alone.

    \b
    Examples:
      stapes train recipes/assistant-en.toml --data data
      stapes train recipes/assistant-en.toml --data data --set optimiser.steps=2000 --out runs/short
      torchrun --nproc-per-node 2 -m stapes train recipes/assistant-en.toml --data data
    """
    try:
        from stapes.train import train
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Training") from None
    train(recipe, data, out, overrides, start_from, workers)
