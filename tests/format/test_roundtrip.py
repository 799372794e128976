"""What is written comes back, the same bytes each time, in one step and fast."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest

from stapes.codec import Float16, Float32, Uniform, by_name
from stapes.errors import FormatError
from stapes.format import Entry, Section, read, write

GOLDEN = json.loads((Path(__file__).parents[2] / "spec/golden/format-v1.json").read_text(encoding="utf-8"))

METADATA = {
    "licence": "Apache-2.0",
    "vocabulary": ["<blank>", "▁the", '"', "\\", "é", "𝄞"],
    "recipe": {"steps": 3, "rate": 1e-3, "resumed": False, "note": None},
}


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


def some_tensors() -> dict:
    return {
        "encoder.weight": (random(7, 65), Uniform()),
        "encoder.bias": (random(7), Float32()),
        "predictor/embedding-1": (random(3, 2, 5), Float16()),
        "scale": (np.array(2.5, np.float32), Float32()),
    }


def test_tensors_and_metadata_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.stapes"
    tensors = some_tensors()
    write(path, METADATA, tensors)
    model = read(path)
    assert model.metadata == METADATA
    assert list(model.tensors) == sorted(tensors)
    for name, (weights, codec) in tensors.items():
        np.testing.assert_array_equal(
            model.tensors[name], codec.decode(codec.encode(weights), weights.shape), strict=True
        )
        assert not model.tensors[name].flags.writeable
    with pytest.raises(TypeError):
        model.tensors["other"] = random(1)  # type: ignore[index]  # that this fails is what is tested


def test_entries_tell_how_each_tensor_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.stapes"
    write(path, METADATA, some_tensors())
    bias, weight, *_ = read(path).entries
    assert (bias.name, bias.shape, bias.codec) == ("encoder.bias", (7,), Float32())
    assert (bias.weights, bias.size_bytes, bias.bits_per_weight) == (7, 28, 32)
    assert weight.bits_per_weight == Uniform().bits_per_weight((7, 65))
    assert [(part.name, part.offset, part.size_bytes) for part in weight.sections] == [
        ("codes", 64, 455),
        ("scales", 576, 28),
    ]
    assert isinstance(bias, Entry)
    assert isinstance(bias.sections[0], Section)


def test_file_facts(tmp_path: Path) -> None:
    path = tmp_path / "a.stapes"
    write(path, METADATA, some_tensors())
    model = read(path)
    data = path.read_bytes()
    assert model.sha256 == hashlib.sha256(data).hexdigest()
    assert model.size_bytes == len(data)
    assert len(data) % 64 == 0
    assert model.version == 1


def test_bytes_do_not_depend_on_the_order_of_the_input(tmp_path: Path) -> None:
    tensors = some_tensors()
    write(tmp_path / "a.stapes", METADATA, tensors)
    write(tmp_path / "b.stapes", dict(reversed(METADATA.items())), dict(reversed(tensors.items())))
    assert (tmp_path / "a.stapes").read_bytes() == (tmp_path / "b.stapes").read_bytes()


def test_model_without_tensors_is_a_model(tmp_path: Path) -> None:
    write(tmp_path / "a.stapes", {}, {})
    assert dict(read(tmp_path / "a.stapes").tensors) == {}


def test_replaces_a_file_in_one_step_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.stapes"
    path.write_bytes(b"old")
    write(path, METADATA, some_tensors())
    read(path)
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.stapes"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(FormatError) as caught:
        write(path, METADATA, some_tensors())
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.stapes", b"old")]


def nested(depth: int) -> list:
    return [nested(depth - 1)] if depth > 1 else []


@pytest.mark.parametrize(
    ("metadata", "tensors", "text"),
    [
        ({"loss": math.nan}, {}, "not storable as JSON: Out of range float values are not JSON compliant"),
        ({"loss": 2**53}, {}, "the integer '9007199254740992' is beyond ±(2^53 - 1)"),
        ({"codec": Uniform()}, {}, "not storable as JSON: Object of type Uniform is not JSON serializable"),
        ({"text": "x" * 2**20}, {}, "the header takes 1048613 bytes; up to 1048576 are accepted"),
        ({"text": "\ud800"}, {}, "not storable as JSON: 'utf-8' codec can't encode character"),
        ({"deep": nested(31)}, {}, "JSON nested 33 deep; up to 32 is accepted"),
        ({}, {"a b": (random(1), Float32())}, "tensor 0: name 'a b' has 3 characters; 1 to 128 of"),
        ({}, {"a": (random(0, 3), Float32())}, "tensor 'a': float32: at least one weight is accepted"),
        (
            {},
            {"a": (random(1, 1, 1, 1, 1, 1, 1, 1, 1), Float32())},
            "tensor 'a': 9 axes; up to 8 are accepted",
        ),
    ],
    ids=["nan", "integer", "object", "long", "surrogate", "deep", "name", "empty", "axes"],
)
def test_refuses_to_write_what_it_would_not_read(
    tmp_path: Path, metadata: dict, tensors: dict, text: str
) -> None:
    path = tmp_path / "a.stapes"
    with pytest.raises(FormatError) as caught:
        write(path, metadata, tensors)
    assert str(caught.value).startswith(f"{path}: ")
    assert text in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a.stapes"
    with pytest.raises(FormatError) as caught:
        write(path, {}, {})
    assert str(caught.value) == f"{path}: cannot be written: No such file or directory"


def golden_bytes() -> bytes:
    return bytes.fromhex("".join(GOLDEN["file"]))


def test_golden_model_has_the_frozen_bytes(tmp_path: Path) -> None:
    path = tmp_path / "golden.stapes"
    tensors = {}
    for name, tensor in GOLDEN["tensors"].items():
        parameters = dict(tensor["codec"])
        weights = np.array(tensor["weights"], np.float32).reshape(tensor["shape"])
        tensors[name] = (weights, by_name(parameters.pop("name"), parameters))
    write(path, GOLDEN["metadata"], tensors)
    assert path.read_bytes().hex(" ", 4) == golden_bytes().hex(" ", 4)


def test_golden_bytes_are_read_as_the_frozen_values(tmp_path: Path) -> None:
    path = tmp_path / "golden.stapes"
    path.write_bytes(golden_bytes())
    model = read(path)
    assert model.metadata == GOLDEN["metadata"]
    assert model.sha256 == GOLDEN["sha256"]
    assert {name: tensor.tolist() for name, tensor in model.tensors.items()} == {
        name: tensor["decoded"] for name, tensor in GOLDEN["tensors"].items()
    }
