"""The result must be the same, bit for bit, for every way to cut the sound into chunks."""

from pathlib import Path

import click

from benchmarks import manifests
from benchmarks.record import ROOT, record, results_option
from stapes import audio
from stapes.engine import find_model
from stapes.session import Recognizer, Transcript
from stapes.units import SAMPLE_RATE_HZ

CHUNKS_SAMPLES = (1, 7, 160, 1600, 16_000)


@click.command("chunks")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Also the AN4 test set from there."
)
@click.option("--limit", type=click.IntRange(1), help="Recordings, evenly spread.")
@results_option
def main(data: Path | None, limit: int | None, results: Path) -> None:
    """Hear every recording in chunks of 1, 7, 160, 1600 and 16000 samples and as a whole."""
    files = sorted((ROOT / "tests" / "data" / "an4").glob("*.flac"))
    if data is not None:
        files += [utterance.audio for utterance in manifests.load(data, "test-an4")]
    files = manifests.thin(files, limit)
    recognizer = Recognizer()
    different: dict[str, list[str]] = {str(chunk): [] for chunk in CHUNKS_SAMPLES}
    with click.progressbar(files) as progress:
        for file in progress:
            whole = recognizer.transcribe(file)
            for chunk in CHUNKS_SAMPLES:
                if in_chunks(recognizer, file, chunk) != whole:
                    different[str(chunk)].append(file.stem)
    identical = not any(different.values())
    facts = {"recordings": len(files), "identical": identical, "different": different}
    record("chunks", facts, model=find_model(None), folder=results)


def in_chunks(recognizer: Recognizer, file: Path, chunk_samples: int) -> Transcript:
    """Text, times and confidence of a recording heard in chunks."""
    samples = audio.read(file, SAMPLE_RATE_HZ)
    stream = recognizer.stream(SAMPLE_RATE_HZ)
    for start in range(0, len(samples), chunk_samples):
        stream.accept(samples[start : start + chunk_samples])
    return stream.finish()


if __name__ == "__main__":
    main()
