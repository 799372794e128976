"""People, engines, rooms and noises that no training has heard: word error rates by set and condition.

Real sets are other people; unheard engines are those of `benchmarks.unheard_set`, which training never uses, with
words that the training text holds and with words that it lacks; unheard voices are those held out of a heard engine.
Each is scored clean and, the first half of the recordings, in every condition of `benchmarks.conditions`.

The score is the mean of two numbers: the mean word error rate over the real and unheard-engine sets, clean, and that
over all conditions.
"""

import dataclasses
import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import numpy as np
import soundfile

from benchmarks import manifests, systems, unheard_noises
from benchmarks.conditions import CONDITIONS, Waveform, around
from benchmarks.memory import Memory
from benchmarks.reading import best_reading
from benchmarks.record import model_facts, record, results_option
from benchmarks.unheard_sentences import SENTENCES
from benchmarks.wer import Reading, strictly
from stapes.corpus import Utterance, normalise, read_sentences
from stapes.corpus.recording import read_utterance
from stapes.engine import bundled_models, find_model
from stapes.evaluate import Pair, score
from stapes.units import SAMPLE_RATE_HZ

REAL = ("test-an4", "test-keywords", "test-digits", "test-words")
ENGINES = ("unheard-flite", "unheard-festival", "unheard-piper")
NEW_WORDS = tuple(f"{name}-new" for name in ENGINES)
VOICES = ("dev-synthetic",)
SETS = (*REAL, *ENGINES, *NEW_WORDS, *VOICES)
CLEAN = "clean"
SEED = 0
_BABBLE_VOICES = 15
_NOTHING_S = 10
_NOTHING_DBFS = (-40.0, -20.0)

Cells = dict[str, dict[str, dict[str, Any]]]


@click.command("generalise")
@manifests.data_option
@click.option(
    "--model", type=click.Path(dir_okay=False, path_type=Path), help="Instead of the bundled model."
)
@click.option(
    "--whisper", type=click.Path(file_okay=False, path_type=Path), help="Virtual environment of the peer."
)
@click.option("--peer-only", is_flag=True, help="Leave the results of the bundled model as they are.")
@click.option(
    "--keep", type=click.Path(dir_okay=False, path_type=Path), help="File of what the peer has heard already."
)
@click.option("--set", "names", multiple=True, type=click.Choice(SETS), default=SETS)
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    type=click.Choice((CLEAN, *CONDITIONS)),
    default=(CLEAN, *CONDITIONS),
)
@click.option(
    "--limit", default=60, show_default=True, help="Clean recordings of each set, drawn by the seed."
)
@results_option
def main(
    data: Path,
    model: Path | None,
    whisper: Path | None,
    peer_only: bool,
    keep: Path | None,
    names: Sequence[str],
    conditions: Sequence[str],
    limit: int,
    results: Path,
) -> None:
    """Score the bundled model, another --model, or with --whisper also Whisper tiny.en."""
    if peer_only and not whisper:
        raise click.UsageError("--peer-only: the peer's virtual environment is expected in --whisper")
    if {*ENGINES, *NEW_WORDS} & set(names):
        refuse_heard(data)
    trial = Trial(data, names, conditions, limit)
    if not peer_only:
        path = find_model(model)
        name = f"generalise-{path.stem}" if model else "generalise"
        with systems.listening(systems.stapes(path)) as hear:
            facts = {"tested": model_facts(path), **trial.run(hear, "stapes", strictly)}
        record(name, facts, seed=SEED, model=path if path.stem in bundled_models() else None, folder=results)
    if whisper:
        peer, size = systems.whisper(whisper), systems.whisper_bytes(whisper)
        with Memory(keep).listening(peer) if keep else systems.listening(peer) as hear:
            facts = {"tested": {"name": peer.name, "bytes": size}, **trial.run(hear, peer.name, best_reading)}
        record("generalise-whisper", facts, seed=SEED, folder=results)


def refuse_heard(data: Path) -> None:
    """Make sure that no sentence of the unheard engines stands in the training text, spoken or not."""
    sentences = {text for path in SENTENCES.glob("*.txt") for text in read_sentences(path)}
    heard = sentences & {utterance.text for utterance in manifests.load(data, "train")}
    if (data / "text.txt").exists():
        heard |= sentences & set(read_sentences(data / "text.txt"))
    if heard:
        raise click.ClickException(
            f"--data {data}: '{min(heard)}' and {len(heard) - 1} more sentences of benchmarks/sentences stand "
            "in its training text; no such sentence is expected there"
        )


class Trial:
    """Recordings of each set, and what is done to them."""

    def __init__(self, data: Path, names: Sequence[str], conditions: Sequence[str], limit: int) -> None:
        whole = {name: manifests.load(data, name) for name in SETS if name in names}
        self._checksums = {name: manifests.checksum(utterances) for name, utterances in whole.items()}
        self.sets = {name: draw(utterances, limit) for name, utterances in whole.items()}
        self.conditions = [name for name in (CLEAN, *CONDITIONS) if name in conditions]
        crowded = (*ENGINES, *VOICES) if any(name.startswith("babble") for name in conditions) else ()
        crowd = [u for name in crowded for u in manifests.load(data, name, _BABBLE_VOICES)]
        self._voices = [(utterance.id, read_utterance(utterance)) for utterance in crowd]

    def run(self, hear: systems.Listener, label: str, reading: Reading) -> dict[str, Any]:
        """Scores of every set in every condition, their summary, and the words heard where there are none."""
        cells: Cells = {name: {} for name in self.sets}
        with tempfile.TemporaryDirectory() as folder:
            for condition in self.conditions:
                for name, utterances in self.sets.items():
                    taken = utterances if condition == CLEAN else utterances[: (len(utterances) + 1) // 2]
                    made = taken if condition == CLEAN else self._altered(taken, condition, Path(folder))
                    title = f"{label}, {condition}, {name}"
                    with click.progressbar(made, len(taken), title, file=sys.stderr) as progress:
                        heard = [hear(utterance).text for utterance in progress]
                    cells[name][condition] = _facts(taken, heard, reading)
            nothing = words_in_nothing(hear, Path(folder))
        return {"summary": summary(cells), "nothing": nothing, "cells": cells, "manifests": self._checksums}

    def _altered(self, utterances: Sequence[Utterance], condition: str, folder: Path) -> Iterator[Utterance]:
        """``utterances`` in ``condition``, one after the other in one file in ``folder``."""
        path = folder / "altered.wav"
        for utterance in utterances:
            voices = [samples for name, samples in self._voices if name != utterance.id]
            given = around(utterance.id, SEED, condition, voices)
            samples = CONDITIONS[condition](read_utterance(utterance), given)
            soundfile.write(path, samples, SAMPLE_RATE_HZ)
            yield dataclasses.replace(
                utterance, audio=path, start=0.0, duration=len(samples) / SAMPLE_RATE_HZ
            )


def draw(utterances: Sequence[Utterance], limit: int) -> list[Utterance]:
    """``limit`` of ``utterances`` by the seed; a larger limit adds to those of a smaller one."""
    return sorted(utterances, key=lambda u: hashlib.sha256(f"{SEED}:{u.id}".encode()).digest())[:limit]


def summary(cells: Cells) -> dict[str, float]:
    """What decides, as far as ``cells`` hold it: means of word error rates over sets."""
    deciding = {name: cells[name] for name in (*REAL, *ENGINES, *NEW_WORDS) if name in cells}
    numbers: dict[str, float] = {}
    if len(deciding) == len((*REAL, *ENGINES, *NEW_WORDS)):
        conditions = list(next(iter(deciding.values())))
        means = {name: fmean(part[name]["wer"] for part in deciding.values()) for name in conditions}
        degraded = [mean for name, mean in means.items() if name != CLEAN]
        numbers |= {f"mean, {name}": mean for name, mean in means.items()}
        if set(means) == {CLEAN, *CONDITIONS}:
            numbers["degraded"] = fmean(degraded)
            numbers["score"] = (means[CLEAN] + fmean(degraded)) / 2
        if {CLEAN, "noise 10 dB"} <= set(means):
            numbers["noise 10 dB / clean"] = means["noise 10 dB"] / means[CLEAN]
    for title, names in {"real": REAL, "unheard engines": ENGINES, "new words": NEW_WORDS}.items():
        if all(CLEAN in cells.get(name, {}) for name in names):
            numbers[title] = fmean(cells[name][CLEAN]["wer"] for name in names)
    return numbers


def cell(each: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """What is stored of recordings, given word errors and words of each in the order in which they were drawn."""
    errors, words = (sum(column) for column in zip(*each, strict=True))
    return {
        "recordings": len(each),
        "words": words,
        "wer": errors / words,
        "accuracy": sum(wrong == 0 for wrong, _ in each) / len(each),
        "errors": " ".join(f"{wrong}/{length}" for wrong, length in each),
    }


def first_of(known: dict[str, Any], count: int) -> dict[str, Any]:
    """The cell ``known`` as a run with a smaller limit would have made it: its first ``count`` recordings."""
    parts = (entry.split("/") for entry in known["errors"].split()[:count])
    return cell([(int(wrong), int(length)) for wrong, length in parts])


def words_in_nothing(hear: systems.Listener, folder: Path) -> dict[str, int]:
    """The number of words heard in the shortest recording, in silence and in each noise."""
    words = {}
    for name, samples in nothing().items():
        path = folder / "nothing.wav"
        soundfile.write(path, samples, SAMPLE_RATE_HZ)
        heard = hear(Utterance(name, path, "", len(samples) / SAMPLE_RATE_HZ)).text
        words[name] = len(normalise(heard).split())
    return words


def nothing() -> dict[str, Waveform]:
    """Recordings in which nobody speaks."""
    length = _NOTHING_S * SAMPLE_RATE_HZ
    sounds = {"one sample": np.zeros(1, np.float32), "silence": np.zeros(length, np.float32)}
    for index, (kind, make) in enumerate(unheard_noises.KINDS.items()):
        for level_dbfs in _NOTHING_DBFS:
            noise = make(np.random.default_rng([SEED, index]), length)
            scaled = noise * 10 ** (level_dbfs / 20)
            sounds[f"{kind}, {level_dbfs:g} dBFS"] = np.clip(scaled, -1, 1).astype(np.float32)
    return sounds


def _facts(utterances: Sequence[Utterance], heard: Sequence[str], reading: Reading) -> dict[str, Any]:
    pairs = [Pair(u.id, u.text, reading(text, u.text)) for u, text in zip(utterances, heard, strict=True)]
    each = [score([pair]) for pair in pairs]
    return cell([(one.word_errors, one.words) for one in each])


if __name__ == "__main__":
    main()
