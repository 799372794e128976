"""The runtime stands without torch and all else that only training needs."""

import json
import subprocess
import sys
from pathlib import Path

AN4 = Path(__file__).parent / "data" / "an4"
TRAINING_ONLY = (
    "torch",
    "lhotse",
    "sentencepiece",
    "safetensors",
    "jiwer",
    "rich",
    "matplotlib",
    "onnxruntime",
)
BLOCK = f"import sys; sys.modules.update(dict.fromkeys({TRAINING_ONLY!r})); "


def without_training(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a process where every import of a training package fails."""
    command = [sys.executable, "-c", BLOCK + code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_torch_cannot_be_imported_there() -> None:
    outcome = without_training("import torch")
    assert outcome.returncode == 1
    assert "ModuleNotFoundError: import of torch halted" in outcome.stderr


def test_the_bundled_model_hears_recordings_without_torch() -> None:
    entries = [json.loads(line) for line in (AN4 / "manifest.jsonl").read_text().splitlines()]
    files = [str(AN4 / entry["audio"]) for entry in entries]
    outcome = without_training(
        "from stapes.cli import main; sys.exit(main(['transcribe', '--json', *sys.argv[1:]]))", *files
    )
    assert outcome.returncode == 0, outcome.stderr
    heard = [json.loads(line)["text"].split() for line in outcome.stdout.splitlines()]
    said = [entry["text"].split() for entry in entries]
    # Not a measure of the model: half of the words in their place can only be heard.
    right = sum(
        a == b for one, other in zip(said, heard, strict=True) for a, b in zip(one, other, strict=False)
    )
    assert right > sum(map(len, said)) / 2


def test_every_module_of_the_runtime_imports_without_torch() -> None:
    code = """
import importlib, pkgutil
import stapes
rooms = ("codec", "intmath", "format", "audio", "features", "decode", "grammar", "lattice", "engine", "session", "cli")
for room in rooms:
    package = importlib.import_module(f"stapes.{room}")
    for module in pkgutil.walk_packages(package.__path__, f"stapes.{room}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            print(module.name)
"""
    outcome = without_training(code)
    assert outcome.returncode == 0, outcome.stderr
    assert "stapes.session.recognizer" in outcome.stdout.split()
