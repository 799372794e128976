"""Fuzzing counts what it did, goes on where it was stopped, and stops at what it finds."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from benchmarks import fuzz
from stapes.errors import FormatError

STATISTICS = """#!/bin/sh
echo "#50000 DONE cov: 1874 ft: 9" >&2
echo "stat::number_of_executed_units: 50000" >&2
echo "stat::slowest_unit_time_sec:    2" >&2
"""


def program(folder: Path, script: str) -> Path:
    path = folder / "format_fuzz"
    path.write_text(script)
    path.chmod(0o755)
    return path


def run(folder: Path, *options: str) -> Result:
    places = ["--keep", str(folder / "keep"), "--results", str(folder)]
    return CliRunner().invoke(fuzz.main, [*places, *options])


@pytest.fixture
def python_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "TARGETS", ())
    monkeypatch.setattr(fuzz, "_build", dict)
    monkeypatch.setattr(fuzz, "ROUND_FILES", 20)


def results(folder: Path) -> Any:
    return json.loads((folder / "fuzz.json").read_text(encoding="utf-8"))["results"]


@pytest.mark.usefixtures("python_alone")
def test_a_stopped_run_goes_on_with_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def refuse(path: Path) -> None:
        seen.append(path.read_bytes())
        raise FormatError("no")

    monkeypatch.setattr(fuzz, "read", refuse)
    assert run(tmp_path, "--count", "50").exit_code == 0
    assert (results(tmp_path)["python"]["files"], results(tmp_path)["python"]["rounds"]) == (50, 3)
    assert run(tmp_path, "--count", "70").exit_code == 0
    assert (results(tmp_path)["python"]["refused"], results(tmp_path)["python"]["rounds"]) == (70, 4)
    assert results(tmp_path)["asked"]["files"] == 70
    assert len(seen) == 70
    assert len(set(seen)) > 60


@pytest.mark.usefixtures("python_alone")
def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    assert run(tmp_path, "--count", "200").exit_code == 0
    python = results(tmp_path)["python"]
    assert python["read"] + python["refused"] == 200
    assert python["refused"] > 100
    assert python["processor_seconds"] > 0


@pytest.mark.usefixtures("python_alone")
@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (ValueError("a bug"), "a bug"),
        (FormatError("one\ntwo"), "a refusal of several lines: one"),
    ],
)
def test_what_is_no_refusal_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Exception, complaint: str
) -> None:
    def read(path: Path) -> None:
        raise found

    monkeypatch.setattr(fuzz, "read", read)
    outcome = run(tmp_path, "--count", "20")
    assert outcome.exit_code == 1
    assert complaint in outcome.output + repr(outcome.exception)


@pytest.mark.usefixtures("python_alone")
def test_memory_beyond_the_file_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "read", lambda path: bytearray(4 * path.stat().st_size + fuzz.FIXED_BYTES + 1))
    assert "beyond four times the file" in run(tmp_path, "--count", "20").output


def test_rounds_of_a_native_target_are_added_up(tmp_path: Path) -> None:
    campaign = fuzz.Campaign(tmp_path, 0)
    programs = {"format_fuzz": program(tmp_path, STATISTICS)}
    for _ in range(2):
        campaign.go_on("format_fuzz", programs, 0)
    facts = fuzz.Campaign(tmp_path, 0).facts["format_fuzz"]
    assert facts["inputs"] == 100_000
    assert (facts["rounds"], facts["edges_covered"], facts["slowest_seconds"]) == (2, 1874, 2)
    assert 0 < facts["processor_seconds"] < 10
    assert campaign.unfinished(seconds=100, count=1) == "python"
    assert campaign.unfinished(seconds=100, count=0) == "format_fuzz"


def test_a_native_target_that_fails_ends_the_run(tmp_path: Path) -> None:
    programs = {"format_fuzz": program(tmp_path, "#!/bin/sh\necho heap-buffer-overflow >&2; exit 77\n")}
    with pytest.raises(Exception, match="format_fuzz has found something:\nheap-buffer-overflow"):
        fuzz.Campaign(tmp_path, 0).go_on("format_fuzz", programs, 0)
