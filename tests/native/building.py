"""Builds programs of ``native/`` into ``build/native/VARIANT``, which later runs reuse."""

import fcntl
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "native"
_VARIANTS = {
    "release": ["-DCMAKE_BUILD_TYPE=Release"],
    "sanitized": ["-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DSTAPES_SANITIZE=address,undefined"],
    "aarch64": [
        "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_SYSTEM_NAME=Linux",
        "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
        "-DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc",
        "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++",
        "-DCMAKE_EXE_LINKER_FLAGS=-static",
    ],
}


def build(target: str, variant: str = "release") -> Path:
    """The path of the program ``target``, built if it is not up to date."""
    folder = ROOT / "build" / "native" / variant
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "build.ninja").is_file():
            options = ["-DSTAPES_TESTS=ON", "-DSTAPES_BENCH=ON", *_VARIANTS[variant]]
            _run(["cmake", "-G", "Ninja", "-S", str(SOURCE), "-B", str(folder), *options])
        _run(["ninja", "-C", str(folder), "-j", str(len(os.sched_getaffinity(0))), target])
    return folder / target


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-6000:]}{done.stderr[-2000:]}")
