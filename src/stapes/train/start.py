"""From a recipe file and a data folder to a run."""

import ctypes
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stapes import config
from stapes.corpus import prepare, read_manifest
from stapes.errors import CorpusError
from stapes.train.history import History
from stapes.train.loop import Run, RunData
from stapes.train.processes import Processes
from stapes.train.recipe import Recipe


def train(
    recipe_path: Path,
    data: Path,
    out: Path | None = None,
    overrides: Sequence[str] = (),
    start_from: Path | None = None,
    workers: int = 1,
) -> None:
    """Train, or go on training, the model of a recipe.

    Args:
        recipe_path: a TOML file.
        data: a folder with train.jsonl and dev-*.jsonl, or one that ``stapes corpus prepare`` reads.
        out: folder of the run; runs/NAME by default.
        overrides: settings as ``a.b=c``.
        start_from: checkpoint whose weights a new run begins with.
        workers: processes that make batches.

    Raises:
        ConfigError: the recipe is wrong.
        CorpusError: the data is wrong.
        TrainingError: a checkpoint is wrong, or training diverged.
    """
    recipe = config.load(Recipe, recipe_path, overrides)
    folder = out or Path("runs") / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    keep_memory()
    processes = Processes.join()
    try:
        with processes.leader_first():
            run_data = _read_data(recipe, data, folder)
        with (
            History(folder, recipe.optimiser.steps, processes.rank == 0) as history,
            _interruptible() as stop,
        ):
            Run(recipe, run_data, folder, processes, history, workers, start_from).train(stop)
    finally:
        processes.leave()


def _read_data(recipe: Recipe, data: Path, folder: Path) -> RunData:
    if not (data / "train.jsonl").exists():
        prepare(data, folder / "data")
        data = folder / "data"
    longest = recipe.data.max_seconds
    heard = [u for u in read_manifest(data / "train.jsonl") if u.duration <= longest]
    utterances = [u for u in heard if u.text]
    if not utterances:
        raise CorpusError(f"{data / 'train.jsonl'}: no utterance of at most {longest:g} s with text is in it")
    development = {path.stem: read_manifest(path) for path in sorted(data.glob("dev-*.jsonl"))}
    return RunData(utterances, development, [u for u in heard if not u.text])


@contextmanager
def _interruptible() -> Iterator[Any]:
    """Gives a function that says whether an interrupt or termination signal came since."""
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [
        signal.signal(number, lambda received_number, _: received.append(received_number))
        for number in numbers
    ]
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def keep_memory() -> None:
    """Make glibc keep freed memory: getting a step's tensors from the system again took a fifth of its time."""
    trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD, M_MMAP_MAX of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(trim_threshold, -1)
        mallopt(mmap_max, 0)
