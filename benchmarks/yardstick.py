"""stapes beside sherpa-onnx on the same network, exported and in int8: from samples to text on one core.

Every recording is heard by all systems in turn, so that what else the machine does hits them alike. Processor time
counts; reading files and loading models do not. sherpa-onnx hears the network with calls of 40 ms, as late as stapes,
and of 320 ms, which is later and faster. The native library is built here; Python runs what is installed.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from benchmarks import manifests, systems
from benchmarks.record import ROOT, record, results_option, spread
from benchmarks.systems import Heard, System
from stapes.corpus import Utterance, read_manifest
from stapes.engine import find_model
from stapes.evaluate import Pair, score

AN4 = ROOT / "tests" / "data" / "an4" / "manifest.jsonl"
BUILD = ROOT / "build" / "native" / "release"
# Searches: histories that are followed at once. sherpa-onnx takes no language model.
SEARCHES = {"greedy": 1, "beam 8": 8}
# Encoder frames of 40 ms in a call of sherpa-onnx.
CALLS = {"40 ms": 1, "320 ms": 8}


@click.command("yardstick")
@click.option(
    "--sherpa",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Virtual environment with sherpa-onnx, soundfile and numpy.",
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Prepared folder, for --set.")
@click.option("--set", "names", multiple=True, help="Manifest in --data; the six of tests/data/an4 if none.")
@click.option("--limit", type=click.IntRange(1), help="Recordings of each set, evenly spread.")
@click.option("--repetitions", default=5, show_default=True, type=click.IntRange(1))
@results_option
def main(
    sherpa: Path,
    data: Path | None,
    names: Sequence[str],
    limit: int | None,
    repetitions: int,
    results: Path,
) -> None:
    """Measure stapes and sherpa-onnx side by side; needs stapes[export], cmake, ninja and a C++ compiler."""
    utterances = _recordings(data, names, limit)
    model = find_model(None)
    with tempfile.TemporaryDirectory() as folder:
        heard = hear_in_turn(_systems(model, sherpa, Path(folder)), utterances, repetitions)
    facts = {
        "recordings": len(utterances),
        "speech_seconds": sum(utterance.duration for utterance in utterances),
        "manifest": manifests.checksum(utterances),
        "sherpa_onnx": _version(sherpa),
        "systems": {name: facts_of(rounds, utterances) for name, rounds in heard.items()},
        "times_faster": times_faster(heard),
    }
    record("yardstick", facts, repetitions=repetitions, model=model, folder=results)


def hear_in_turn(
    competitors: Mapping[str, System], utterances: Sequence[Utterance], repetitions: int
) -> dict[str, list[list[Heard]]]:
    """What each system heard, by round and recording; a first recording, which warms it up, is not counted."""
    heard: dict[str, list[list[Heard]]] = {name: [[] for _ in range(repetitions)] for name in competitors}
    with ExitStack() as stack:
        listeners = {name: stack.enter_context(systems.listening(each)) for name, each in competitors.items()}
        for listen in listeners.values():
            listen(utterances[0])
        for number in range(repetitions):
            for utterance in utterances:
                for name, listen in listeners.items():
                    heard[name][number].append(listen(utterance))
    return heard


def facts_of(rounds: Sequence[Sequence[Heard]], utterances: Sequence[Utterance]) -> dict[str, Any]:
    """Real-time factor of the rounds, and word errors of the first."""
    duration = sum(utterance.duration for utterance in utterances)
    pairs = [
        Pair(utterance.id, utterance.text, entry.text)
        for utterance, entry in zip(utterances, rounds[0], strict=True)
    ]
    result = score(pairs)
    return {
        "real_time_factor": spread([_seconds(each) / duration for each in rounds]),
        "words": result.words,
        "word_errors": result.word_errors,
        "wer": result.wer,
    }


def times_faster(heard: Mapping[str, Sequence[Sequence[Heard]]]) -> dict[str, float]:
    """For each search, how often the time of ours goes into that of theirs: the median over the rounds."""
    ratios: dict[str, float] = {}
    for search in SEARCHES:
        ours = [name for name in heard if name.startswith("stapes") and name.endswith(search)]
        theirs = [name for name in heard if name.startswith("sherpa") and name.endswith(search)]
        ratios |= {
            f"{our} against {their}": statistics.median(
                _seconds(slow) / _seconds(fast) for slow, fast in zip(heard[their], heard[our], strict=True)
            )
            for our in ours
            for their in theirs
        }
    return ratios


def _seconds(entries: Sequence[Heard]) -> float:
    return sum(entry.seconds for entry in entries)


def _recordings(data: Path | None, names: Sequence[str], limit: int | None) -> list[Utterance]:
    if (data is None) != (not names):
        raise click.UsageError("--data and --set are given together")
    if data is None:
        return manifests.thin(read_manifest(AN4, check_audio=True), limit)
    return [utterance for name in names for utterance in manifests.load(data, name, limit)]


def _systems(model: Path, sherpa: Path, folder: Path) -> dict[str, System]:
    from stapes.compress import export_onnx, unpack

    checkpoint = folder / "network.safetensors"
    unpack(model, checkpoint)
    library = _library()
    competitors = {}
    for search, paths in SEARCHES.items():
        shared = ("--model", str(model), "--beam", str(paths))
        native = ("--library", str(library), *shared)
        competitors[f"stapes, C, {search}"] = System("C", Path(sys.executable), "c_worker.py", native)
        competitors[f"stapes, Python, {search}"] = System(
            "Python", Path(sys.executable), "stapes_worker.py", (*shared, "--without-reading")
        )
    for title, frames in CALLS.items():
        export_onnx(checkpoint, folder / str(frames), frames)
        for search, paths in SEARCHES.items():
            given = ("--folder", str(folder / str(frames)), "--paths", str(paths))
            competitors[f"sherpa-onnx, calls of {title}, {search}"] = System(
                "sherpa-onnx", sherpa / "bin" / "python", "sherpa_worker.py", given
            )
    return competitors


def _library() -> Path:
    """The shared library, built where the native tests are built as well."""
    options = ["-DSTAPES_TESTS=ON", "-DSTAPES_BENCH=ON", "-DCMAKE_BUILD_TYPE=Release"]
    make = ["cmake", "-G", "Ninja", "-S", str(ROOT / "native"), "-B", str(BUILD), *options]
    for command in (make, ["ninja", "-C", str(BUILD), "stapes_shared"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return BUILD / "libstapes_native.so"


def _version(environment: Path) -> str:
    code = "from importlib.metadata import version; print(version('sherpa-onnx'))"
    python = [str(environment / "bin" / "python"), "-c", code]
    return subprocess.run(python, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
