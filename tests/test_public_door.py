import importlib
import inspect
import subprocess
import sys

import pytest

import stapes
from stapes.cli import DEFAULT_BEAM

ROOMS = [
    "audio",
    "codec",
    "compress",
    "corpus",
    "decode",
    "engine",
    "evaluate",
    "features",
    "format",
    "grammar",
    "intmath",
    "lattice",
    "model",
]


def test_the_public_names_are_these():
    assert sorted(stapes.__all__) == [
        "AudioError",
        "ConfigError",
        "CorpusError",
        "FormatError",
        "Grammar",
        "Lattice",
        "MissingExtraError",
        "Phrases",
        "Recognizer",
        "StapesError",
        "Stream",
        "TrainingError",
        "Transcript",
        "Understanding",
        "Word",
    ]


@pytest.mark.parametrize("room", ["", *(f".{room}" for room in [*ROOMS, "session", "train"])])
def test_every_public_name_is_there(room):
    module = importlib.import_module(f"stapes{room}")
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'stapes' has no attribute 'Recogniser'"):
        _ = stapes.Recogniser


def test_importing_stapes_loads_nothing_heavy():
    code = "import sys, stapes; print([m for m in ('numpy', 'soundfile', 'torch') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_command_line_hears_as_widely_as_the_recogniser():
    assert inspect.signature(stapes.Recognizer).parameters["beam"].default == DEFAULT_BEAM
