"""Every example of README.md that is marked ``<!-- run -->`` does what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("spec/*.md")])
EXAMPLES = re.findall(r"<!-- run -->\n```(\w+)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture
def path_with_stapes(tmp_path: Path) -> str:
    """A search path on which ``stapes`` is the package under test."""
    program = tmp_path / "stapes"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stapes "$@"\n')
    program.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


def test_there_are_examples_in_both_languages() -> None:
    assert {language for language, _ in EXAMPLES} == {"bash", "python"}


@pytest.mark.parametrize(("language", "code"), EXAMPLES)
def test_an_example_runs_and_prints(language: str, code: str, path_with_stapes: str) -> None:
    command = (
        [sys.executable, "-c", code] if language == "python" else ["bash", "-euo", "pipefail", "-c", code]
    )
    outcome = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PATH": path_with_stapes},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
