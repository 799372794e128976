"""What a result is stored with: the command, the commit, the machine, the model, repetitions and spread."""

import datetime
import hashlib
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import click

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
_Command = TypeVar("_Command", bound=Callable[..., Any])
# Measurements write these themselves; they do not make the measured code differ from its commit.
_WRITTEN = (":!benchmarks/results", ":!README.md", ":!docs")


def record(
    name: str,
    results: Mapping[str, Any],
    *,
    seed: int | None = None,
    repetitions: int = 1,
    model: Path | None = None,
    folder: Path = RESULTS,
) -> Path:
    """Write ``results`` and their circumstances to ``folder/NAME.json``; the path written.

    Called from within a click command, whose command line is stored with its paths replaced by their kind.
    """
    entry = {
        "benchmark": name,
        "command": command_line(click.get_current_context()),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no", "--", ".", *_WRITTEN)),
        "machine": machine(),
        "seed": seed,
        "repetitions": repetitions,
        "model": None if model is None else model_facts(model),
        "results": results,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(entry, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
    click.echo(f"{path.name}: {json.dumps(results, ensure_ascii=False)[:2000]}")
    return path


def machine() -> dict[str, Any]:
    """Processor, cores and versions: what a number depends on."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
    }


def model_facts(path: Path) -> dict[str, Any]:
    """Name, size and checksum of a packed model."""
    content = path.read_bytes()
    return {"name": path.stem, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def results_option(function: _Command) -> _Command:
    """``--results DIR``: where the result goes; a trial run should not replace the published one."""
    kind = click.Path(file_okay=False, path_type=Path)
    option = click.option("--results", type=kind, default=RESULTS, help="Folder for the JSON file.")
    return option(function)


def spread(values: list[float]) -> dict[str, float]:
    """Median, least and greatest of repeated measurements."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def repeat(measure: Callable[[], float], repetitions: int) -> dict[str, float]:
    """The spread of ``measure()`` called ``repetitions`` times."""
    return spread([measure() for _ in range(repetitions)])


def command_line(context: click.Context) -> str:
    """The command as it was called, each path replaced by its kind: where data lie does not matter."""
    words = ["python", "-m", f"benchmarks.{context.command.name}"]
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if value in (None, ()) or value == parameter.get_default(context):
            continue
        option = parameter.opts[-1]
        if getattr(parameter, "is_flag", False):
            words.append(option)
        elif isinstance(parameter.type, click.Path):
            words += [option, parameter.make_metavar(context)]
        else:
            for entry in value if parameter.multiple else [value]:
                words += [option, str(entry)]
    return " ".join(words)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()
