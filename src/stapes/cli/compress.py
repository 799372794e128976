"""``stapes compress``: from a training run to the small model file that a budget allows."""

import json
import re
import sys
from pathlib import Path

import click

from stapes.cli import unheard_option
from stapes.errors import CorpusError, MissingExtraError

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "KIB": 2**10, "MIB": 2**20}


def _bytes(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """A number of bytes, such as 4MB, 900KB, 3.5MiB or 4000000."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kKmM]?[iI]?[bB]|)", value)
    if match is None or match[2].upper() not in _UNITS:
        raise click.BadParameter(
            f"'{value}' is no size; 4MB, 900KB, 3.5MiB and a number of bytes are accepted."
        )
    return round(float(match[1]) * _UNITS[match[2].upper()])


def _share(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """A share in per cent, such as +2%."""
    if value is None:
        return None
    match = re.fullmatch(r"\+?(\d+(?:\.\d+)?)%", value)
    if match is None:
        raise click.BadParameter(f"'{value}' is no increase; +2% and +0.5% are accepted.")
    return float(match[1]) / 100


@click.command(name="compress", short_help="Pack a checkpoint into a size or an error rate.")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--size", callback=_bytes, help="Largest file to write: 4MB, 900KB, 3.5MiB.")
@click.option(
    "--wer", callback=_share, help="Largest growth of the word error rate, of what it is: +2%, +0.5%."
)
@unheard_option
@click.option(
    "--text",
    type=click.Path(path_type=Path),
    help="Sentences, one a line, for a language model that goes along; stapes corpus prepare writes them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def command(
    checkpoint: Path,
    model: Path,
    size: int | None,
    wer: float | None,
    manifests: tuple[Path, ...],
    text: Path | None,
    as_json: bool,
) -> None:
    """Compress the averaged weights of CHECKPOINT into MODEL, which runs in integers.

    Each matrix is tried in 8, 6, 4 and 3 bits and pruned, and what that does to the output of the network is measured
    on 40 of the recordings. Then those become smaller that cost least for each byte, until the file is as small as
    --size, or until the word error rate of a greedy search in at most 400 of the recordings would grow by more than
    --wer. The table tells what each matrix takes: squared error of its weights, and divergence of the output in nats
    a frame.

    \b
    Examples:
      stapes compress runs/mine/best.safetensors mine.stapes --size 4MB --data data/dev-an4.jsonl
      stapes compress runs/mine/best.safetensors mine.stapes --wer +2% --data data/dev-an4.jsonl --text data/text.txt
    """
    if (size is None) == (wer is None):
        raise click.UsageError("Either --size or --wer is expected.")
    try:
        from stapes.compress import Budget, compress
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "torch", "train", "Compressing") from None
    from stapes.corpus import read_manifest

    utterances = [each for path in manifests for each in read_manifest(path, check_audio=True)]
    if not utterances:
        raise CorpusError(f"{manifests[0]}: no recordings; one JSON object a line is expected")
    with click.progressbar(length=1, label="measuring", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        report = compress(checkpoint, model, Budget(size, wer), utterances, text, progress)
    click.echo(json.dumps(report.as_json()) if as_json else report.as_table())
