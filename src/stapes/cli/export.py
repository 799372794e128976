"""``stapes export``: from a training run to ONNX files for other runtimes."""

from pathlib import Path

import click

from stapes.errors import MissingExtraError


@click.command(short_help="Export a checkpoint as ONNX.")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--frames",
    type=int,
    default=1,
    show_default=True,
    help="Encoder frames of 40 ms that one call gives, 1 to 100; more are faster and later.",
)
def command(checkpoint: Path, folder: Path, frames: int) -> None:
    """Export the averaged weights of CHECKPOINT to FOLDER as ONNX: encoder, decoder and joiner, in floats and int8.

    The files are those of a streaming LSTM transducer of icefall, so sherpa-onnx runs them (model type lstm).
    Language model, end-pointer and calibration of a packed model do not go along.

    \b
    Examples:
      stapes export runs/en-assistant/best.safetensors onnx
      stapes export runs/en-assistant/best.safetensors onnx --frames 8
    """
    try:
        from stapes.compress import export_onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "export", "Exporting") from None
    for path in export_onnx(checkpoint, folder, frames):
        click.echo(path)
