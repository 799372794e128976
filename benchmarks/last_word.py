"""Is the last word kept when the recording ends with it?

Every recording of the AN4 test set is cut at its last sample of speech and heard again. Speech is taken to
end with the last 10 ms that are both 10 dB above the noise (the tenth percentile of the levels of all 10 ms
stretches) and less than 40 dB below the loudest stretch; not one sample follows.
"""

import dataclasses
import sys
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks import manifests, systems
from benchmarks.record import record, results_option
from stapes import audio
from stapes.corpus import Utterance
from stapes.engine import find_model
from stapes.units import SAMPLE_RATE_HZ

FRAME_SAMPLES = 160
ABOVE_NOISE_DB = 10
BELOW_PEAK_DB = 40


def end_of_speech_samples(samples: NDArray[np.float32]) -> int:
    """Samples up to the end of speech, a multiple of 10 ms."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    levels_db = 10 * np.log10(np.mean(frames.astype(np.float64) ** 2, axis=1) + 1e-12)
    threshold_db = max(np.percentile(levels_db, 10) + ABOVE_NOISE_DB, levels_db.max() - BELOW_PEAK_DB)
    return (int(np.flatnonzero(levels_db >= min(threshold_db, levels_db.max()))[-1]) + 1) * FRAME_SAMPLES


@click.command("last_word")
@manifests.data_option
@click.option("--limit", type=click.IntRange(1), help="Recordings, evenly spread.")
@results_option
def main(data: Path, limit: int | None, results: Path) -> None:
    """Count the last words kept after the cut."""
    whole = manifests.load(data, "test-an4", limit)
    cut = [_cut(utterance) for utterance in whole]
    uncut_words, cut_words = _last_words(whole), _last_words(cut)
    said = [utterance.text.split()[-1] for utterance in whole]
    removed = [before.duration - after.duration for before, after in zip(whole, cut, strict=True)]
    facts = {
        "recordings": len(whole),
        "same_as_uncut": sum(map(str.__eq__, cut_words, uncut_words)),
        "right_cut": sum(map(str.__eq__, cut_words, said)),
        "right_uncut": sum(map(str.__eq__, uncut_words, said)),
        "median_cut_seconds": float(np.median(removed)),
        "lost": [
            utterance.id
            for utterance, *last in zip(whole, uncut_words, cut_words, strict=True)
            if last[0] != last[1]
        ],
    }
    record("last_word", facts, model=find_model(None), folder=results)


def _cut(utterance: Utterance) -> Utterance:
    end = end_of_speech_samples(audio.read(utterance.audio, SAMPLE_RATE_HZ))
    return dataclasses.replace(utterance, duration=end / SAMPLE_RATE_HZ)


def _last_words(utterances: list[Utterance]) -> list[str]:
    answers = systems.transcribe(systems.stapes(), utterances)
    with click.progressbar(answers, length=len(utterances), file=sys.stderr) as progress:
        return [(entry.text.split() or [""])[-1] for entry in progress]


if __name__ == "__main__":
    main()
