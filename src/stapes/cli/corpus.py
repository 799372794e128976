"""``stapes corpus``: manifests from recordings, and recordings from text."""

from pathlib import Path

import click


@click.group()
def corpus() -> None:
    """Prepare, import and synthesise speech to train on."""


def _parse_extra(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[tuple[str, Path]]:
    extras = []
    for value in values:
        set_name, equals, path = value.partition("=")
        if not (set_name and equals and path):
            raise click.BadParameter(
                f"{value!r}; SET=MANIFEST is expected, for example synthetic=more/train.jsonl"
            )
        extras.append((set_name, Path(path)))
    return extras


@corpus.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--extra",
    "extras",
    multiple=True,
    metavar="SET=MANIFEST",
    callback=_parse_extra,
    help="A further training manifest and the set it counts as; may be given several times.",
)
def prepare(data: Path, out: Path, extras: list[tuple[str, Path]]) -> None:
    """Write train, dev and test manifests of the sets in DATA to the folder OUT.

    DATA holds an4/, keywords/, digits/, single-words/ and synthetic-en/, or some of them.
    """
    from stapes.corpus.sets import prepare as run
    from stapes.corpus.sets import summary

    prepared = run(data, out, extras)
    for name, count, hours, speakers in summary(prepared.manifests):
        click.echo(f"{name:14} {count:7} utterances {hours:8.2f} h {speakers:6} speakers")
    for set_name, count in prepared.left_out.items():
        click.echo(f"left out of training: {count} of {set_name} with a held-out sentence, voice or speaker")
