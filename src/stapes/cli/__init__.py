"""The command line: one file a verb, imported when the verb is asked for."""

import importlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from stapes.errors import StapesError

Command = TypeVar("Command", bound=Callable[..., Any])

VERBS = {
    "transcribe": "stapes.cli.transcribe",
    "listen": "stapes.cli.listen",
    "evaluate": "stapes.cli.evaluate",
    "train": "stapes.cli.train",
    "average": "stapes.cli.average",
    "pack": "stapes.cli.pack",
    "unpack": "stapes.cli.unpack",
    "compress": "stapes.cli.compress",
    "export": "stapes.cli.export",
    "endpoints": "stapes.cli.endpoints",
    "calibrate": "stapes.cli.calibrate",
    "inspect": "stapes.cli.inspect",
    "corpus": "stapes.cli.corpus",
}
"""The modules that hold the verbs, each as a click command named ``command``."""

DEFAULT_BEAM = 24
"""What `stapes.Recognizer` takes as well; written here so that help need not import it."""

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


def beam_option(least: int) -> Callable[[Command], Command]:
    """The option ``--beam``, from ``least`` up."""
    return click.option(
        "--beam",
        type=click.IntRange(min=least),
        default=DEFAULT_BEAM,
        show_default=True,
        help="Histories followed at once.",
    )


def model_option(command: Command) -> Command:
    """The option ``--model``, a packed model for `stapes.engine.find_model`."""
    return click.option(
        "--model",
        type=click.Path(path_type=Path),
        help="A packed model, or the name of one that is built in: en-assistant (the default), en-assistant-small.",
    )(command)


def unheard_option(command: Command) -> Command:
    """The option ``--data``, one or more manifests of recordings to judge a model by."""
    return click.option(
        "--data",
        "manifests",
        required=True,
        multiple=True,
        type=click.Path(path_type=Path),
        help="Manifest of recordings that the model was not trained on; may be given several times.",
    )(command)


class LazyGroup(click.Group):
    """A group that imports a verb only when it is used; help needs them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[cmd_name]).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stapes", prog_name="stapes")
def stapes() -> None:
    """Speech understood on the device: recognise it, measure it, train for it.

    \b
    First steps:
      stapes transcribe command.wav     the words in a recording
      stapes listen                     the words from the microphone
      stapes VERB --help                what a verb does, with examples
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 is success, 2 an error that was told in one sentence on standard error, 130 an interruption by the user.

    Args:
        arguments: what follows the name of the program; those of the process if None.
    """
    # Products of a few hundred numbers a side: a second thread costs more than it brings. Read when NumPy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = stapes.main(arguments, prog_name="stapes", standalone_mode=False)
    except StapesError as error:
        report("error", str(error))
        return EXIT_ERROR
    except click.ClickException as error:
        error.show()
        return EXIT_ERROR
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0


def report(kind: str, sentence: str) -> None:
    """Tell ``sentence`` on standard error; ``kind`` is error or warning."""
    click.echo(f"stapes: {kind}: {sentence}", err=True)
