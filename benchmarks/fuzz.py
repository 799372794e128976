"""The readers of packed models on damaged ones: libFuzzer and sanitizers for the native one, mutations for Python.

Nothing but a refusal in one sentence is accepted: no other exception, crash, hang, or memory beyond four times the file
and a fixed amount. The fuzz targets are built here, with clang++, cmake and ninja. What counts is processor time, and
the result is written after each round, so that hours may pass at the lowest priority and be interrupted.
"""

import json
import random
import re
import resource
import shutil
import struct
import subprocess
import tempfile
import time
import tracemalloc
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.record import ROOT, record, results_option
from stapes.codec import Codec, Dense, Float16, Float32, Sparse, Uniform, Unsigned
from stapes.errors import FormatError
from stapes.format import read, write

NATIVE = ROOT / "native"
BUILD = ROOT / "build" / "native" / "fuzz"
TARGETS = ("format_fuzz", "tensor_fuzz")
# By the clock: as a background task an input waits for the processor, too.
SLOWEST_NATIVE_SECONDS = 60
SLOWEST_SECONDS = 5
# A header at its limit of one mebibyte takes this much however short the file.
FIXED_BYTES = 24 * 2**20
MEASURED_EVERY = 16
ROUND_INPUTS = 50_000
ROUND_FILES = 20_000


@click.command("fuzz")
@click.option(
    "--seconds",
    default=30,
    show_default=True,
    type=click.IntRange(1),
    help="Processor time of each native target.",
)
@click.option("--count", default=10_000, show_default=True, type=click.IntRange(1), help="Files for Python.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of what was tried; a run that was stopped goes on from there.",
)
@results_option
def main(seconds: int, count: int, seed: int, keep: Path | None, results: Path) -> None:
    """Fuzz both readers of packed models."""
    with tempfile.TemporaryDirectory() as name:
        folder = keep or Path(name)
        campaign = Campaign(folder, seed)
        programs = _build()
        asked = {"processor_seconds": seconds, "files": count}
        while reader := campaign.unfinished(seconds, count):
            campaign.go_on(reader, programs, count)
            record("fuzz", {"asked": asked, **campaign.facts}, seed=seed, folder=results)


class Campaign:
    """What the readers have taken so far, kept in a folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._corpus = _corpus(folder / "corpus")
        self._kept = folder / "progress.json"
        self.facts: dict[str, dict[str, Any]] = {reader: {} for reader in (*TARGETS, "python")}
        if self._kept.is_file():
            self.facts = json.loads(self._kept.read_text(encoding="utf-8"))

    def unfinished(self, seconds: int, count: int) -> str | None:
        """The next reader that has had neither ``seconds`` of processor time nor ``count`` files."""
        if self.facts["python"].get("files", 0) < count:
            return "python"
        short = (each for each in TARGETS if self.facts[each].get("processor_seconds", 0) < seconds)
        return next(short, None)

    def go_on(self, reader: str, programs: Mapping[str, Path], count: int) -> None:
        """One more round of ``reader``, none of whose rounds repeats another."""
        facts = self.facts[reader]
        if reader == "python":
            files = min(ROUND_FILES, count - facts.get("files", 0))
            new = _mutate(self._folder, self._corpus, files, f"{self._seed}.{facts.get('rounds', 0)}")
        else:
            corpus = self._corpus if reader == "format_fuzz" else None
            seed = self._seed + 1 + facts.get("rounds", 0)
            new = _fuzz(programs[reader], self._folder, corpus, seed)
        self.facts[reader] = _together(facts, {"rounds": 1, **new})
        partial = self._kept.with_suffix(".partial")
        partial.write_text(json.dumps(self.facts), encoding="utf-8")
        partial.replace(self._kept)


def _together(facts: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Sums over rounds; of maxima the greater."""
    greatest = ("slowest", "most", "edges")
    return {
        name: max(facts.get(name, 0), value) if name.startswith(greatest) else facts.get(name, 0) + value
        for name, value in new.items()
    }


def _corpus(folder: Path) -> Path:
    """Sound models, one of each codec and one of all."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    codecs: list[Codec] = [Float16(), Float32(), Uniform(), Unsigned(8), Dense(8)]
    codecs += [Dense(bits, coded) for bits in (2, 3, 4, 6) for coded in (0, 1)]
    codecs += [Sparse(bits, coded, 1 - coded) for bits in (3, 4, 8) for coded in (0, 1)]
    tensors: dict[str, tuple[Any, Codec]] = {}
    for number, codec in enumerate(codecs):
        weights = rng.integers(0, 4, (18, 66)).astype(np.float32)
        tensors[f"tensor.{number}"] = weights, codec
        write(folder / f"{number}.stapes", {"licence": "none"}, {"a": (weights, codec)})
    write(folder / "all.stapes", {"list": [1, 2.5, None, True, "ä\n"], "table": {"a": {}}}, tensors)
    return folder


def _build() -> dict[str, Path]:
    """The fuzz targets, with the sanitizers."""
    compiler = shutil.which("clang++") or shutil.which("clang++-14")
    if compiler is None:
        raise click.ClickException("clang++ is not there; libFuzzer comes with it")
    options = {
        "CMAKE_BUILD_TYPE": "RelWithDebInfo",
        "CMAKE_CXX_COMPILER": compiler,
        "STAPES_FUZZ": "ON",
        "STAPES_SANITIZE": "address,undefined,fuzzer-no-link",
    }
    given = [f"-D{name}={value}" for name, value in options.items()]
    make = ["cmake", "-G", "Ninja", "-S", str(NATIVE), "-B", str(BUILD), *given]
    for command in (make, ["ninja", "-C", str(BUILD), *TARGETS]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {target: BUILD / target for target in TARGETS}


def _fuzz(program: Path, folder: Path, corpus: Path | None, seed: int) -> dict[str, Any]:
    """A round of inputs that the native target has tried without finding anything."""
    found = folder / f"{program.name}.found"
    found.mkdir(exist_ok=True)
    limits = [
        f"-runs={ROUND_INPUTS}",
        f"-timeout={SLOWEST_NATIVE_SECONDS}",
        "-max_len=70000",
        f"-seed={seed}",
    ]
    inputs = [found] if corpus is None else [found, corpus]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [program, *limits, "-print_final_stats=1", f"-artifact_prefix={folder}/", *inputs],
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise click.ClickException(f"{program.name} has found something:\n{done.stderr[-4000:]}")
    numbers = {name: int(value) for name, value in re.findall(r"stat::(\w+): +(\d+)", done.stderr)}
    return {
        "processor_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "inputs": numbers["number_of_executed_units"],
        "slowest_seconds": numbers["slowest_unit_time_sec"],
        "edges_covered": max(map(int, re.findall(r"cov: (\d+)", done.stderr))),
        "findings": 0,
    }


def _mutate(folder: Path, corpus: Path, count: int, seed: str) -> dict[str, Any]:
    """How the reader in Python has taken ``count`` mutated files."""
    choose = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(corpus.iterdir())]
    path = folder / "mutated.stapes"
    read_soundly, slowest, greatest = 0, 0.0, 0
    began = time.process_time()
    for number in range(count):
        data = _mutated(choose.choice(seeds), choose)
        path.write_bytes(data)
        sound, seconds, peak_bytes = _read(path, measured=number % MEASURED_EVERY == 0)
        read_soundly += sound
        slowest = max(slowest, seconds)
        greatest = max(greatest, peak_bytes - 4 * len(data))
        if greatest > FIXED_BYTES or slowest > SLOWEST_SECONDS:
            raise click.ClickException(
                f"{greatest} bytes beyond four times the file, or {slowest} seconds, are too many: {path}"
            )
    return {
        "processor_seconds": time.process_time() - began,
        "files": count,
        "read": read_soundly,
        "refused": count - read_soundly,
        "slowest_seconds": slowest,
        "most_bytes_beyond_four_times_the_file": greatest,
    }


def _read(path: Path, measured: bool) -> tuple[bool, float, int]:
    """Whether the file was read, its processor time and, where they are measured, the bytes at once."""
    if measured:
        tracemalloc.start()
    begin = time.thread_time()
    try:
        read(path)
        sound = True
    except FormatError as error:
        sound = False
        if "\n" in str(error):
            raise click.ClickException(f"a refusal of several lines: {error}") from None
    seconds = time.thread_time() - begin
    peak_bytes = tracemalloc.get_traced_memory()[1] if measured else 0
    tracemalloc.stop()
    return sound, seconds, peak_bytes


_SNIPPETS = [
    b"0",
    b"-1",
    b"1e9",
    b"9" * 16,
    b"[]",
    b"{}",
    b"null",
    b'"a"',
    b",",
    b'"',
    b"\\u0000",
    b"]" * 9,
    b"[" * 40,
]


def _mutated(data: bytes, choose: random.Random) -> bytes:
    """``data`` with some edits, mostly in its header, mostly with right checksums."""
    (header_bytes,) = struct.unpack_from("<I", data, 12)
    header, rest = data[64 : 64 + header_bytes], data[-(-(64 + header_bytes) // 64) * 64 :]
    for _ in range(choose.randint(1, 4)):
        if choose.random() < 0.7:
            header = _edited(header, choose)
        else:
            rest = _edited(rest, choose)
    if choose.random() < 0.1:
        return _edited(data, choose)
    rest += bytes(-len(rest) % 64)
    fixed = struct.pack("<8sIIQI", data[:8], 1, len(header), 0, zlib.crc32(header))
    start = -(-(64 + len(header)) // 64) * 64
    fixed = fixed[:16] + struct.pack("<Q", start + len(rest)) + fixed[24:]
    return (fixed + struct.pack("<I", zlib.crc32(fixed)) + bytes(32) + header).ljust(start, b"\0") + rest


def _edited(data: bytes, choose: random.Random) -> bytes:
    place = choose.randrange(len(data) + 1)
    end = place + choose.choice([0, 1, 1, 2, 4, 16, 64])
    new = choose.choice(
        [choose.randbytes(choose.randint(0, 8)), choose.choice(_SNIPPETS), data[place:end] * 2]
    )
    return data[:place] + new + data[end:]


if __name__ == "__main__":
    main()
