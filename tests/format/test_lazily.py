"""A packed model whose tensors are decoded when they are asked for."""

import struct
from pathlib import Path

import numpy as np
import pytest

from stapes.codec import Uniform
from stapes.errors import FormatError
from stapes.format import read, read_lazily
from tests.format.packed_file import File


def test_the_same_as_at_once(tmp_path: Path, good_bytes: bytes) -> None:
    path = tmp_path / "good.stapes"
    path.write_bytes(good_bytes)
    at_once, lazily = read(path), read_lazily(path)
    assert list(lazily.tensors) == list(at_once.tensors) == ["a.half", "b.float", "c.uniform"]
    assert list(lazily.integers) == ["c.uniform"]
    assert (len(lazily.tensors), len(lazily.integers)) == (3, 1)
    assert "b.float" in lazily.tensors
    assert "b.float" not in lazily.integers
    for name in at_once.tensors:
        np.testing.assert_array_equal(lazily.tensors[name], at_once.tensors[name])
    assert lazily.sha256 == at_once.sha256
    for names in (lazily.tensors, lazily.integers):
        with pytest.raises(KeyError, match="d"):
            names["d"]


def test_a_tensor_is_decoded_once_and_when_it_is_asked_for(
    tmp_path: Path, good_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "good.stapes"
    path.write_bytes(good_bytes)
    model = read_lazily(path)
    decoded = []
    monkeypatch.setattr(Uniform, "integers", lambda *_: decoded.append(1))
    for _ in range(2):
        assert "c.uniform" in model.tensors
        model.tensors["c.uniform"]
    assert decoded == [1]


def test_what_a_codec_forbids_is_refused_when_it_is_asked_for(tmp_path: Path, good: File) -> None:
    path = tmp_path / "bad.stapes"
    good.spoil(1, 0, struct.pack("<f", np.nan))
    path.write_bytes(good.pack())
    model = read_lazily(path)
    assert model.tensors["a.half"].shape == (3, 5)
    for _ in range(2):
        with pytest.raises(FormatError, match=r"bad\.stapes: tensor 'b\.float': float32: value 0 of section"):
            model.tensors["b.float"]


def test_damage_is_refused_at_once(tmp_path: Path, good: File) -> None:
    path = tmp_path / "bad.stapes"
    good.data[0] ^= 1
    path.write_bytes(good.pack())
    with pytest.raises(FormatError, match=r"tensor 'a\.half': section 'values' is damaged"):
        read_lazily(path)
