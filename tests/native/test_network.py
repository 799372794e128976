"""The native network gives the integers of NumPy, on every kernel of this CPU, for models of every codec.

``native/check.sh`` does the same for a thousand models, with sanitizers, and for aarch64.
"""

import subprocess
from pathlib import Path

import pytest

from ..agreement import integer_models
from .building import build
from .test_programs import needs_compiler

pytestmark = needs_compiler

MODELS = 40


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    integer_models.main([str(folder), "--count", str(MODELS), "--seed", "5000"])
    return sorted(path.with_suffix("") for path in folder.glob("*.case"))


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([build("network_tool"), *arguments], capture_output=True, text=True, timeout=120)


def test_networks_agree(cases: list[Path]) -> None:
    kernels = run().stdout.split()
    assert kernels[0] == "reference"
    for name in kernels:
        done = run(name, *cases)
        assert (done.returncode, done.stdout) == (0, f"0 of {MODELS} differ\n")


def test_a_difference_is_seen(cases: list[Path]) -> None:
    case = cases[0].with_suffix(".case")
    content = bytearray(case.read_bytes())
    content[-1] ^= 1  # the last cell
    case.write_bytes(bytes(content))
    done = run("reference", cases[0])
    assert done.returncode == 1
    assert "frames differ" in done.stdout
    assert done.stdout.endswith("1 of 1 differ\n")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"integer": None}, "metadata holds no table 'integer'; a model of stapes compress is expected"),
        ({"hidden": 0}, "metadata: network: hidden: 1 to 4096 is expected, got 0"),
        ({"layers": None}, "metadata: network: setting 'layers' is missing"),
        ({"channels": [3]}, "metadata: network: channels: two numbers are expected"),
        ({"hidden": 71}, "is expected, got ["),
        ({"layers": 9}, "is missing"),
    ],
)
def test_refusals(cases: list[Path], tmp_path: Path, settings: dict[str, object], sentence: str) -> None:
    from stapes import format as packed_format
    from stapes.codec import Dense, Float32

    source = packed_format.read(cases[1].with_suffix(".stapes"))
    metadata = {"network": dict(source.metadata["network"]), "integer": {"kind": "q7"}}
    for name, value in settings.items():
        table = metadata if name == "integer" else metadata["network"]
        if value is None:
            del table[name]
        else:
            table[name] = value
    tensors = {
        name: (each, Float32() if each.ndim < 2 else Dense(8)) for name, each in source.tensors.items()
    }
    packed_format.write(tmp_path / "x.stapes", metadata, tensors)
    done = run("reference", tmp_path / "x")
    assert done.returncode == 2
    assert sentence in done.stdout
