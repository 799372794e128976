"""Each program of native/tests is built, if it is not up to date, and run; it prints what it found."""

import shutil
import subprocess

import pytest

from .building import SOURCE, build

PROGRAMS = sorted(path.stem for path in (SOURCE / "tests").glob("*_test.cpp"))
needs_compiler = pytest.mark.skipif(
    shutil.which("cmake") is None or shutil.which("ninja") is None or shutil.which("c++") is None,
    reason="the native tests are built with cmake, ninja and a C++ compiler",
)


@needs_compiler
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    done = subprocess.run([build(name)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "ok  " in done.stdout
