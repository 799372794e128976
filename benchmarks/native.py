"""What the C API costs, without Python: loading, memory, real-time factor, delay of a partial, streams on one core.

Every number comes from ``native/bench/runtime.c`` in a process of its own. Times are those of the thread, medians over
repetitions; what is compared is measured in turn. The recordings are those of ``tests/data/an4`` unless ``--data`` is
given; files lie in the page cache.
"""

import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import manifests
from benchmarks.record import ROOT, record, results_option, spread
from stapes import audio
from stapes.engine import find_model
from stapes.units import SAMPLE_RATE_HZ

BEAMS = (1, 8)
PIECE_MS = 80
PARTIAL_MS = 200
STREAMS = 100
STREAM_CHUNKS_MS = (80, 200)
TOGETHER = (0, 16)
SMAPS = ("Rss", "Pss", "Private_Clean", "Private_Dirty", "Shared_Clean", "Shared_Dirty")
Run = Callable[..., list[dict[str, Any]]]


@click.command("native")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Recordings of dev-an4 from there."
)
@click.option("--limit", type=click.IntRange(1), help="Recordings, evenly spread.")
@click.option("--repetitions", type=click.IntRange(1), default=5, show_default=True)
@results_option
def main(data: Path | None, limit: int | None, repetitions: int, results: Path) -> None:
    """Measure the compiled recogniser through its C interface; needs cmake, ninja and a C++ compiler."""
    files = sorted((ROOT / "tests" / "data" / "an4").glob("*.flac"))
    if data is not None:
        files = [utterance.audio for utterance in manifests.load(data, "dev-an4")]
    with tempfile.TemporaryDirectory() as folder:
        program = _build(Path(folder))
        sounds = _raw(manifests.thin(files, limit), Path(folder))

        def run(verb: str, *arguments: object) -> list[dict[str, Any]]:
            return _lines([program, verb, find_model(None), *arguments])

        facts = {
            "recordings": len(sounds),
            "load": _load(run, repetitions),
            **_heard(run, sounds, repetitions),
            "partial_ms": _partials(run, sounds),
            "streams_on_one_core": _streams(run, sounds, repetitions),
            "two_processes": _two_processes([program, "hold", find_model(None)]),
        }
    record("native", facts, repetitions=repetitions, model=find_model(None), folder=results)


def _build(folder: Path) -> Path:
    options = ["-DSTAPES_BENCH=ON", "-DCMAKE_BUILD_TYPE=Release"]
    make = ["cmake", "-G", "Ninja", "-S", str(ROOT / "native"), "-B", str(folder), *options]
    for command in (make, ["ninja", "-C", str(folder), "runtime"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / "runtime"


def _raw(files: Sequence[Path], folder: Path) -> list[Path]:
    """The recordings as 16-bit samples."""
    paths = [folder / f"{number}.raw" for number in range(len(files))]
    for file, path in zip(files, paths, strict=True):
        samples = audio.read(file, SAMPLE_RATE_HZ)
        np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tofile(path)
    return paths


def _lines(command: Sequence[object]) -> list[dict[str, Any]]:
    done = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _load(run: Run, repetitions: int) -> dict[str, Any]:
    loads = [run("load")[0] for _ in range(repetitions)]
    return {
        "kernels": loads[0]["kernels"],
        "milliseconds": spread([1e3 * load["seconds"] for load in loads]),
        "wall_milliseconds": spread([1e3 * load["wall"] for load in loads]),
        "peak_kib": max(load["peak_kib"] for load in loads),
    }


def _heard(run: Run, sounds: list[Path], repetitions: int) -> dict[str, Any]:
    factors: dict[int, list[float]] = {beam: [] for beam in BEAMS}
    peak_kib: dict[int, int] = {}
    for _ in range(repetitions):
        for beam in BEAMS:
            heard = run("hear", beam, PIECE_MS, *sounds)
            factors[beam].append(sum(h["seconds"] for h in heard) / sum(h["duration"] for h in heard))
            # That of one stream: each is freed before the next.
            peak_kib[beam] = max(h["peak_kib"] for h in heard)
    return {
        "real_time_factor": {f"beam {beam}": spread(values) for beam, values in factors.items()},
        "peak_kib_of_one_stream": {f"beam {beam}": peak for beam, peak in peak_kib.items()},
    }


def _partials(run: Run, sounds: list[Path]) -> dict[str, Any]:
    """Milliseconds of computing from 200 ms of sound to the words so far."""
    partials = {}
    for beam in BEAMS:
        times = sorted(1e3 * piece["seconds"] for piece in run("partial", beam, PARTIAL_MS, *sounds))
        partials[f"beam {beam}"] = {
            "median": statistics.median(times),
            "percentile_95": times[int(0.95 * (len(times) - 1))],
            "max": times[-1],
        }
    return partials


def _streams(run: Run, sounds: list[Path], repetitions: int) -> dict[str, Any]:
    """Seconds of sound that one core hears in a second, and how long one turn of all streams takes at most."""
    seen: dict[str, list[dict[str, Any]]] = {}
    for _ in range(repetitions):
        for beam in BEAMS:
            for chunk_ms in STREAM_CHUNKS_MS:
                for together in TOGETHER:
                    name = f"beam {beam}, {chunk_ms} ms, " + (
                        f"{together} together" if together else "each alone"
                    )
                    seen.setdefault(name, []).extend(
                        run("streams", beam, chunk_ms, STREAMS, together, *sounds)
                    )
    return {
        name: {
            "streams": spread([entry["duration"] / entry["seconds"] for entry in entries]),
            "longest_turn_ms": 1e3 * max(entry["longest"] for entry in entries),
            "kib_a_stream": max(entry["peak_kib"] for entry in entries) / STREAMS,
        }
        for name, entries in seen.items()
    }


def _two_processes(command: Sequence[object]) -> dict[str, Any]:
    """What each of two processes that hold the model has in memory, in KiB; Pss shares what is shared."""
    words = [str(word) for word in command]
    with (
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one,
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other,
    ):
        for process in (one, other):
            assert process.stdout is not None  # it is a pipe
            process.stdout.readline()
        held = [_smaps(process.pid) for process in (one, other)]
        for process in (one, other):
            process.communicate(b"")
    return {name: [entry[name] for entry in held] for name in SMAPS}


def _smaps(pid: int) -> dict[str, int]:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    fields = [line.split() for line in text.splitlines()[1:]]
    return {words[0].rstrip(":"): int(words[1]) for words in fields}


if __name__ == "__main__":
    main()
