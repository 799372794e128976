"""An end-pointer goes into a packed model and leaves the rest of it alone."""

from pathlib import Path

import numpy as np
import pytest

import stapes.format
from stapes.compress.endpoints import add_endpointer
from stapes.errors import FormatError
from tests.networks import random_model

TENSORS = {
    "completeness": np.arange(512, dtype=np.float32),
    "projection": np.ones((2, 11), np.float32),
    "mean": np.full(3, 0.1, np.float32),
}


def test_tensors_are_added_and_replaced(tmp_path: Path) -> None:
    model, _ = random_model(tmp_path)
    one, two = tmp_path / "one.stapes", tmp_path / "two.stapes"
    add_endpointer(model, one, TENSORS | {"scale": np.ones(3, np.float32)}, {"kind": "old"})
    add_endpointer(one, two, TENSORS, {"kind": "endpointer"})
    before, after = stapes.format.read(model), stapes.format.read(two)
    assert after.metadata == {**before.metadata, "endpoint": {"kind": "endpointer"}}
    assert set(after.tensors) - set(before.tensors) == {f"endpoint.{name}" for name in TENSORS}
    assert all(np.array_equal(after.tensors[name], before.tensors[name]) for name in before.tensors)
    codecs = {entry.name: entry.codec.name for entry in after.entries}
    assert codecs["endpoint.completeness"] == codecs["endpoint.projection"] == "dense"
    assert codecs["endpoint.mean"] == "float32"
    assert after.tensors["endpoint.completeness"].shape == (2, 256)
    assert after.tensors["endpoint.completeness"].reshape(-1) == pytest.approx(
        TENSORS["completeness"], abs=2.1
    )
    add_endpointer(two, two, TENSORS, {"kind": "endpointer"})
    assert stapes.format.read(two).sha256 == after.sha256


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no\.stapes: no such file; a packed model"):
        add_endpointer(tmp_path / "no.stapes", tmp_path / "one.stapes", TENSORS, {})
