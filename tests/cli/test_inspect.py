"""``stapes inspect``: what is in the file is on the page."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from stapes.cli import inspect
from stapes.codec import Float16, Float32, Uniform
from stapes.engine import bundled
from stapes.errors import FormatError
from stapes.format import read, write

METADATA = {
    "licence": "Apache-2.0",
    "vocabulary": [f"▁{index}" for index in range(40)],
    "recipe": {"name": "assistant-en", "train": {"steps": 1000, "rate": 1e-3}, "stages": [1, 2]},
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.stapes"
    rng = np.random.default_rng(0)
    tensors = {
        "encoder.lstm0.weight": (rng.standard_normal((40, 32)).astype(np.float32), Uniform()),
        "encoder.lstm0.bias": (rng.standard_normal(40).astype(np.float32), Float32()),
        "predictor.embedding": (rng.standard_normal((8, 4)).astype(np.float32), Float16()),
        "scale": (np.array(1, np.float32), Float32()),
    }
    write(path, METADATA, tensors)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(inspect.command, list(map(str, arguments)), catch_exceptions=False)


def test_page(model: Path) -> None:
    bias, weight, embedding, scale = (
        " ".join(f"{part.crc32:08x}" for part in entry.sections) for entry in read(model).entries
    )
    assert run(model).output.splitlines() == [
        f"file     {model}",
        "format   stapes version 1, every checksum verified",
        f"size     {model.stat().st_size:,} bytes",
        f"SHA-256  {hashlib.sha256(model.read_bytes()).hexdigest()}",
        "",
        "tensor                shape    codec           weights  bits/weight  bytes             CRC-32",
        f"encoder.lstm0.bias    40       float32              40        32.00    160           {bias}",
        f"encoder.lstm0.weight  40 x 32  uniform bits=8    1,280         9.00  1,440  {weight}",
        f"predictor.embedding   8 x 4    float16              32        16.00     64           {embedding}",
        f"scale                 scalar   float32               1        32.00      4           {scale}",
        "all tensors                                      1,353         9.86  1,668",
        "",
        "layer          tensors  weights  bits/weight  bytes",
        "encoder.lstm0        2    1,320         9.70  1,600",
        "predictor            1       32        16.00     64",
        "scale                1        1        32.00      4",
        "",
        "metadata",
        "licence             Apache-2.0",
        "recipe.name         assistant-en",
        "recipe.stages       [1, 2]",
        "recipe.train.rate   0.001",
        "recipe.train.steps  1000",
        "vocabulary          40 items",
    ]


def test_json_holds_everything(model: Path) -> None:
    page = json.loads(run(model, "--json").output)
    assert page["file"] == str(model)
    assert page["format_version"] == 1
    assert page["size_bytes"] == model.stat().st_size
    assert page["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert page["metadata"] == METADATA
    assert (page["weights"], page["stored_bytes"]) == (1353, 1668)
    assert page["bits_per_weight"] == pytest.approx(8 * 1668 / 1353)
    (weight,) = (tensor for tensor in page["tensors"] if tensor["name"] == "encoder.lstm0.weight")
    assert {key: weight[key] for key in ("shape", "codec", "weights", "bits_per_weight", "stored_bytes")} == {
        "shape": [40, 32],
        "codec": {"name": "uniform", "bits": 8},
        "weights": 1280,
        "bits_per_weight": 9.0,
        "stored_bytes": 1440,
    }
    assert sorted(weight["crc32"]) == ["codes", "scales"]
    assert [tensor["name"] for tensor in page["tensors"]] == [
        "encoder.lstm0.bias",
        "encoder.lstm0.weight",
        "predictor.embedding",
        "scale",
    ]


def test_metadata_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "odd.stapes"
    write(path, {"licence": "\x1b[31mred\nline"}, {})
    assert run(path).output.splitlines()[-1] == r"licence   '\x1b[31mred\nline'"


def test_a_bundled_model_is_inspected_by_its_name_and_without_one(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_folder", lambda: model.parent)
    monkeypatch.setattr(bundled, "DEFAULT_MODEL", "tiny")
    assert run().output.splitlines()[0] == f"file     {model}"
    assert run("tiny").output.splitlines()[0] == f"file     {model}"


def test_a_file_comes_before_a_bundled_model_of_its_name(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_folder", lambda: model.parent)
    own = tmp_path / "own"
    own.mkdir()
    shutil.copy(model, own / "tiny")
    monkeypatch.chdir(own)
    assert run("tiny").output.splitlines()[0] == "file     tiny"


def test_what_is_neither_a_file_nor_bundled_is_refused(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_folder", lambda: model.parent)
    with pytest.raises(FormatError) as caught:
        run("huge")
    assert str(caught.value) == "huge: no such file; a packed model (.stapes) is expected, or one of tiny"


def test_damaged_model_is_refused(model: Path) -> None:
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(FormatError, match=r"tiny\.stapes: cut off: \d+ of \d+ bytes are there"):
        run(model)
