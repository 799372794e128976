"""What ``pip install .`` adds to a new virtual environment, by package, and the size of the wheel that is built for it.

Byte-compiled files count.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import click

from benchmarks.record import ROOT, record, results_option

# Runs inside the new environment: the size of each distribution's files.
_SIZES = """
import json, importlib.metadata as metadata
def size(distribution):
    paths = [distribution.locate_file(file) for file in distribution.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file())
print(json.dumps({d.metadata["Name"]: size(d) for d in metadata.distributions()}))
"""


@click.command("install_size")
@results_option
def main(results: Path) -> None:
    """Build a wheel, install it into a new virtual environment and weigh both."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "environment"
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        python = environment / "bin" / "python"
        before, present = _bytes(environment), _packages(python)
        pip = [str(python), "-m", "pip", "--quiet"]
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, str(ROOT)], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        weights = wheel_facts(wheel)
        subprocess.run([*pip, "install", str(wheel)], check=True)
        added = _bytes(environment) - before
        packages = {name: size for name, size in _packages(python).items() if name not in present}
    megabytes = {name: round(size / 1e6, 2) for name, size in sorted(packages.items())}
    facts = {"added_mb": round(added / 1e6, 1), "packages_mb": megabytes, "wheel_mb": weights}
    record("install_size", facts, folder=results)


def wheel_facts(wheel: Path) -> dict[str, float]:
    """Megabytes of a wheel, of the models packed in it, and of what it is without them."""
    with zipfile.ZipFile(wheel) as archive:
        models = sum(each.compress_size for each in archive.infolist() if each.filename.endswith(".stapes"))
    sizes = {"wheel": wheel.stat().st_size, "models": models, "without_models": wheel.stat().st_size - models}
    return {name: round(size / 1e6, 2) for name, size in sizes.items()}


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _packages(python: Path) -> dict[str, int]:
    answer = subprocess.run([str(python), "-c", _SIZES], check=True, capture_output=True, text=True)
    sizes: dict[str, int] = json.loads(answer.stdout)
    return sizes


if __name__ == "__main__":
    main()
