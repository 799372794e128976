"""A CPU without any of the instruction sets that kernels are written for hears the same words."""

import shutil
import subprocess
from pathlib import Path

import pytest
import soundfile

from stapes.engine import bundled_model

from .building import build
from .test_programs import needs_compiler

RECORDING = Path(__file__).parents[1] / "data" / "an4" / "an391-mjwl-b.flac"


@needs_compiler
@pytest.mark.skipif(shutil.which("qemu-x86_64") is None, reason="qemu-user is not installed")
def test_an_old_cpu_hears_the_same() -> None:
    samples, _ = soundfile.read(RECORDING, dtype="int16")
    command = [build("transcribe"), bundled_model(), "1"]
    heard = [
        subprocess.run([*emulator, *command], input=samples.tobytes(), capture_output=True, timeout=300)
        for emulator in ([], ["qemu-x86_64", "-cpu", "qemu64"])
    ]
    assert [each.returncode for each in heard] == [0, 0]
    assert len(heard[0].stdout.splitlines()) == 5
    assert heard[0].stdout == heard[1].stdout
