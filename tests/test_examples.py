"""The examples run."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_speculative_work() -> None:
    recording = ROOT / "tests" / "data" / "an4" / "an391-mjwl-b.flac"
    command = [sys.executable, str(ROOT / "examples" / "speculative_work.py"), str(recording)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.split(" s  ") for line in done.stdout.splitlines()]
    begun = [text.removeprefix("begun: ") for _, text in lines if text.startswith("begun: ")]
    assert lines[-1][1] == f"would do: {begun[-1]}"
    assert sum(text == "thrown away" for _, text in lines) == len(begun) - 1
