"""The readers of packed models on damaged ones: libFuzzer and sanitizers for the native one, mutations for Python.

Nothing but a refusal in one sentence is accepted: no other exception, crash, hang, or memory beyond four times the file
and a fixed amount. The fuzz targets are built here, with clang++, cmake and ninja.
"""

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
SLOWEST_SECONDS = 5
# A header at its limit of one mebibyte takes this much however short the file.
FIXED_BYTES = 24 * 2**20
MEASURED_EVERY = 16


@click.command("fuzz")
@click.option(
    "--seconds", default=30, show_default=True, type=click.IntRange(1), help="For each native target."
)
@click.option("--count", default=10_000, show_default=True, type=click.IntRange(1), help="Files for Python.")
@click.option("--seed", default=0, show_default=True)
@results_option
def main(seconds: int, count: int, seed: int, results: Path) -> None:
    """Fuzz both readers of packed models."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = _corpus(folder / "corpus")
        facts: dict[str, Any] = {
            target: _fuzz(program, folder, corpus if target == "format_fuzz" else None, seconds, seed)
            for target, program in _build().items()
        }
        facts["python"] = _mutate(folder, corpus, count, seed)
    click.echo(record("fuzz", facts, seed=seed, folder=results))


def _corpus(folder: Path) -> Path:
    """Sound models, one of each codec and one of all."""
    folder.mkdir()
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


def _fuzz(program: Path, folder: Path, corpus: Path | None, seconds: int, seed: int) -> dict[str, Any]:
    """Inputs that the native target has tried without finding anything."""
    found = folder / f"{program.name}.found"
    found.mkdir()
    limits = [
        f"-max_total_time={seconds}",
        f"-timeout={SLOWEST_SECONDS}",
        "-max_len=70000",
        f"-seed={seed + 1}",
    ]
    inputs = [found] if corpus is None else [found, corpus]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        [program, *limits, "-print_final_stats=1", f"-artifact_prefix={folder}/", *inputs],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise click.ClickException(f"{program.name} has found something:\n{done.stderr[-4000:]}")
    inputs_tried = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    return {
        "seconds": seconds,
        "processor_seconds": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before),
        "inputs": int(inputs_tried[1]) if inputs_tried else 0,
        "edges_covered": int(covered[-1]) if covered else 0,
        "findings": 0,
    }


def _mutate(folder: Path, corpus: Path, count: int, seed: int) -> dict[str, Any]:
    """How the reader in Python has taken ``count`` mutated files."""
    choose = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(corpus.iterdir())]
    path = folder / "mutated.stapes"
    read_soundly, slowest, greatest = 0, 0.0, 0
    for number in range(count):
        data = _mutated(choose.choice(seeds), choose)
        path.write_bytes(data)
        measured = number % MEASURED_EVERY == 0
        if measured:
            tracemalloc.start()
        begin = time.perf_counter()
        try:
            read(path)
            read_soundly += 1
        except FormatError as error:
            if "\n" in str(error):
                raise click.ClickException(f"a refusal of several lines: {error}") from None
        seconds = time.perf_counter() - begin
        slowest = max(slowest, seconds)
        if measured:
            peak_bytes = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            greatest = max(greatest, peak_bytes - 4 * len(data))
    if greatest > FIXED_BYTES or slowest > SLOWEST_SECONDS:
        raise click.ClickException(
            f"{greatest} bytes beyond four times the file, or {slowest} seconds, are too many"
        )
    return {
        "files": count,
        "read": read_soundly,
        "refused": count - read_soundly,
        "slowest_seconds": slowest,
        "most_bytes_beyond_four_times_the_file": greatest,
    }


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
