"""How fast the engine is: real-time factor on one thread, and time from process start to the first result.

The recordings are those of ``tests/data/an4``. Files lie in the page cache, as after a first use.
"""

import functools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import soundfile

from benchmarks import systems
from benchmarks.record import ROOT, record, repeat, results_option
from stapes import audio
from stapes.corpus import Utterance
from stapes.engine import find_model
from stapes.units import SAMPLE_RATE_HZ

FIRST_RESULT_SECONDS = 3
BEAMS = (1, 8, 24)
ENGINES = {"native": "compiled", "reference": "NumPy"}


@click.command("speed")
@click.option("--repetitions", type=click.IntRange(1), default=5, show_default=True)
@results_option
def main(repetitions: int, results: Path) -> None:
    """Measure the real-time factor by engine and beam width, and the time to the first result."""
    files = sorted((ROOT / "tests" / "data" / "an4").glob("*.flac"))
    recordings = [audio.read(file, SAMPLE_RATE_HZ) for file in files]
    utterances = [
        Utterance(file.stem, file, "", len(samples) / SAMPLE_RATE_HZ)
        for file, samples in zip(files, recordings, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "three_seconds.wav"
        speech = np.concatenate(recordings)[: FIRST_RESULT_SECONDS * SAMPLE_RATE_HZ]
        soundfile.write(path, speech, SAMPLE_RATE_HZ)
        first_result = repeat(functools.partial(seconds_to_first_result, path), repetitions)
    factors = {
        f"{title}, beam {beam}": repeat(
            functools.partial(real_time_factor, utterances, beam, engine), repetitions
        )
        for engine, title in ENGINES.items()
        for beam in BEAMS
    }
    record(
        "speed",
        {
            "real_time_factor": factors,
            "first_result_seconds": first_result,
            "speech_seconds": sum(utterance.duration for utterance in utterances),
        },
        repetitions=repetitions,
        model=find_model(None),
        folder=results,
    )


def real_time_factor(utterances: list[Utterance], beam: int, engine: str) -> float:
    """Processing time over duration; reading the files is counted, loading the model is not."""
    heard = list(systems.transcribe(systems.stapes(beam=beam, engine=engine), utterances))
    return sum(entry.seconds for entry in heard) / sum(utterance.duration for utterance in utterances)


def seconds_to_first_result(path: Path) -> float:
    """From the start of ``stapes transcribe`` to the first line that it writes."""
    command = [sys.executable, "-m", "stapes", "transcribe", str(path)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=systems.one_thread()) as process:
        assert process.stdout is not None  # it is a pipe
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
    if not line.strip():
        raise click.ClickException("stapes transcribe wrote nothing; its message stands above")
    return seconds


if __name__ == "__main__":
    main()
