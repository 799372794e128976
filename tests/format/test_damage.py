"""Random damage: no flipped, cut or foreign byte is ever read as a model."""

import copy
import itertools
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from stapes.codec import Uniform
from stapes.errors import FormatError
from stapes.format import read, write
from tests.format.packed_file import File, refusal


def test_every_byte_counts(tmp_path: Path) -> None:
    path = tmp_path / "bad.stapes"
    write(path, {}, {"a": (np.ones((1, 5), np.float32), Uniform())})
    data = path.read_bytes()
    with path.open("r+b", buffering=0) as file:
        for place, byte in enumerate(data):
            file.seek(place)
            file.write(bytes([byte ^ 1 << place % 8]))
            with pytest.raises(FormatError):
                read(path)
            file.seek(place)
            file.write(data[place : place + 1])
    read(path)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "swap"]), st.integers(0), st.binary(min_size=1, max_size=70)
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    for kind, number, content in edits:
        place = number % max(1, len(data))
        end = place + len(content)
        if kind == "flip":
            data = (
                data[:place]
                + bytes(a ^ b for a, b in zip(data[place:end], content, strict=False))
                + data[end:]
            )
        elif kind == "cut":
            data = data[:place] + data[end:]
        elif kind == "insert":
            data = data[:place] + content + data[place:]
        else:
            data = data[:place] + content + data[end:]
    return data


@hypothesis.given(EDITS)
@hypothesis.settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],  # the folder may be used again
)
def test_random_damage_is_never_read(tmp_path: Path, good: File, edits: list[tuple[str, int, bytes]]) -> None:
    data = good.pack()
    spoilt = edited(data, edits)
    hypothesis.assume(spoilt != data)
    refusal(tmp_path, spoilt)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside ``value``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *itertools.chain.from_iterable(places(inner, (*path, key)) for key, inner in items)]


@hypothesis.given(st.integers(0), JSON)
@hypothesis.settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],  # the folder may be used again
)
def test_any_header_is_read_soundly_or_refused(tmp_path: Path, good: File, choice: int, value: Any) -> None:
    """With every checksum right, reading raises nothing but FormatError or gives finite tensors."""
    file = copy.deepcopy(good)
    *path, last = places(file.header)[1:][choice % (len(places(file.header)) - 1)]
    target = file.header
    for key in path:
        target = target[key]
    target[last] = value
    (tmp_path / "odd.stapes").write_bytes(file.pack())
    try:
        model = read(tmp_path / "odd.stapes")
    except FormatError:
        return
    assert all(np.isfinite(tensor).all() for tensor in model.tensors.values())
