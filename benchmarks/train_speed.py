"""Seconds of speech that training learns from in a second, on one core.

A network of about ten million parameters, everything else as in the recipe of the bundled model after its first, clean
steps, on recordings spread evenly over its training set. Augmentation, features and batches are made on the same core,
and counted. The denominator is processor time, which on one core is what a clock would show on an idle machine.
"""

import dataclasses
import os
import sys
import tempfile
import time
from pathlib import Path

import click
import torch

from benchmarks import manifests
from benchmarks.record import ROOT, record, results_option
from stapes import config
from stapes.corpus import Utterance
from stapes.train.history import History, read_history
from stapes.train.loop import Run, RunData
from stapes.train.processes import Processes
from stapes.train.recipe import Recipe
from stapes.train.start import keep_memory

HIDDEN = 528
RECORDINGS = 2000
# The history holds a mean for every so many steps.
STEPS_PER_ENTRY = 20


@click.command("train_speed")
@manifests.data_option
@click.option(
    "--entries", type=click.IntRange(1), default=3, show_default=True, help="Stretches of 20 steps."
)
@results_option
def main(data: Path, entries: int, results: Path) -> None:
    """Train for some steps and measure."""
    _pin_to_one_core()
    keep_memory()
    recipe = _recipe(entries * STEPS_PER_ENTRY)
    with tempfile.TemporaryDirectory() as name, History(Path(name), recipe.optimiser.steps) as history:
        run = Run(
            recipe,
            RunData(_recordings(data, recipe), {}),
            Path(name),
            Processes(0, 1, torch.device("cpu")),
            history,
        )
        began = time.process_time()
        run.train()
        seconds = time.process_time() - began
        measured = read_history(Path(name) / "history.jsonl")
    speech_seconds = STEPS_PER_ENTRY * sum(entry["speech_seconds"] for entry in measured)
    facts = {
        "parameters": sum(parameter.numel() for parameter in run.network.parameters()),
        "batch_seconds": recipe.data.batch_seconds,
        "precision": recipe.precision,
        "speech_per_second": speech_seconds / seconds,
        "torch": torch.__version__,
    }
    record("train_speed", facts, seed=recipe.seed, repetitions=entries, folder=results)


def _recipe(steps: int) -> Recipe:
    published = config.load(Recipe, ROOT / "recipes" / "assistant-en.toml")
    return dataclasses.replace(
        published,
        network=dataclasses.replace(published.network, hidden=HIDDEN),
        data=dataclasses.replace(published.data, clean_steps=0),
        loss=dataclasses.replace(published.loss, window_from_step=0),
        optimiser=dataclasses.replace(published.optimiser, steps=steps, warmup_steps=0, decay_steps=0),
    )


def _recordings(data: Path, recipe: Recipe) -> list[Utterance]:
    utterances = manifests.load(data, "train")
    return manifests.thin([u for u in utterances if u.duration <= recipe.data.max_seconds], RECORDINGS)


def _pin_to_one_core() -> None:
    torch.set_num_threads(1)
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
