"""What is stored with a result."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from benchmarks.record import command_line, model_facts, record, spread


@click.command("demo")
@click.option("--data", type=click.Path(path_type=Path))
@click.option("--limit", type=int, default=9)
@click.option("--name", "names", multiple=True, default=("x",))
@click.option("--model", "models", multiple=True, type=click.Path(path_type=Path))
@click.option("--fast", is_flag=True)
@click.pass_context
def demo(
    context: click.Context,
    data: Path | None,
    limit: int,
    names: tuple[str, ...],
    models: tuple[Path, ...],
    fast: bool,
) -> None:
    click.echo(command_line(context))
    if data is not None:
        record("demo", {"answer": 42}, seed=limit, repetitions=3, folder=data)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "python -m benchmarks.demo"),
        (["--limit", "9"], "python -m benchmarks.demo"),
        (["--limit", "3", "--fast"], "python -m benchmarks.demo --limit 3 --fast"),
        (["--name", "y", "--name", "z"], "python -m benchmarks.demo --name y --name z"),
        (["--model", "a", "--model", "b"], "python -m benchmarks.demo --model PATH"),
    ],
)
def test_the_command_line_holds_what_was_given(arguments: list[str], line: str) -> None:
    assert CliRunner().invoke(demo, arguments).output.splitlines()[0] == line


def test_a_result_holds_its_circumstances_and_no_path(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(demo, ["--data", str(tmp_path / "results"), "--limit", "5"])
    assert outcome.exit_code == 0, outcome.output
    files = list((tmp_path / "results").iterdir())
    assert [file.name for file in files] == ["demo.json"]
    text = files[0].read_text()
    assert str(tmp_path) not in text
    entry = json.loads(text)
    assert entry["command"] == "python -m benchmarks.demo --data PATH --limit 5"
    assert len(entry["commit"]) == 40 and isinstance(entry["dirty"], bool)
    assert entry["machine"]["cores"] >= 1 and entry["machine"]["cpu"] and entry["machine"]["numpy"]
    assert (entry["seed"], entry["repetitions"], entry["results"]) == (5, 3, {"answer": 42})


def test_a_model_is_told_by_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "tiny.stapes"
    path.write_bytes(b"abc")
    # The SHA-256 of "abc" from FIPS 180-2, appendix B.1.
    assert model_facts(path) == {
        "name": "tiny",
        "bytes": 3,
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }


def test_spread_is_robust_against_one_slow_run() -> None:
    assert spread([1.0, 9.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 9.0}
