"""Words put out for half a minute of silence, white noise and mains hum: there should be none."""

import tempfile
from pathlib import Path

import click
import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks import systems
from benchmarks.record import record, results_option
from stapes.corpus import Utterance
from stapes.engine import find_model
from stapes.units import SAMPLE_RATE_HZ

SECONDS = 30


def sounds(seed: int) -> dict[str, NDArray[np.float32]]:
    """Name and samples of each sound; levels are RMS below full scale."""
    generator = np.random.default_rng(seed)
    time = np.arange(SECONDS * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    noise = generator.standard_normal(len(time))
    made = {"silence": np.zeros(len(time))}
    for level_db in (-60, -40, -20):
        made[f"white noise {level_db} dB"] = _at(noise, level_db)
    for mains_hz in (50, 60):
        partials = [np.sin(2 * np.pi * mains_hz * n * time) / n for n in range(1, 8)]
        made[f"hum {mains_hz} Hz -20 dB"] = _at(np.sum(partials, axis=0), -20)
    return {name: samples.astype(np.float32) for name, samples in made.items()}


@click.command("silence")
@click.option("--seed", default=0, show_default=True)
@results_option
def main(seed: int, results: Path) -> None:
    """Count the words that the bundled model hears where nobody speaks."""
    with tempfile.TemporaryDirectory() as folder:
        utterances = []
        for name, samples in sounds(seed).items():
            path = Path(folder) / f"{name}.wav"
            soundfile.write(path, samples, SAMPLE_RATE_HZ, subtype="FLOAT")
            utterances.append(Utterance(name, path, "", SECONDS))
        heard = list(systems.transcribe(systems.stapes(), utterances))
    words = {
        utterance.id: len(entry.text.split()) for utterance, entry in zip(utterances, heard, strict=True)
    }
    record(
        "silence",
        {"words": words, "total": sum(words.values())},
        seed=seed,
        model=find_model(None),
        folder=results,
    )


def _at(samples: NDArray[np.float64], level_db: float) -> NDArray[np.float64]:
    return samples * (10 ** (level_db / 20) / float(np.sqrt(np.mean(samples**2))))


if __name__ == "__main__":
    main()
