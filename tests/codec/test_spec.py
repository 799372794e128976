"""``spec/codecs.md`` says what the code does: a reader written from it alone, one weight at a time."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stapes.codec import Dense, IntegerCodec, Integers, Sparse, by_name

GOLDEN = Path(__file__).parents[2] / "spec" / "golden" / "codec"
TENSORS = [
    pytest.param(tensor, id=f"{path.stem}-{index}")
    for path in sorted(GOLDEN.glob("*.json"))
    for index, tensor in enumerate(json.loads(path.read_text(encoding="utf-8"))["tensors"])
]


def sections_of(tensor: dict[str, Any]) -> dict[str, bytes]:
    return {name: bytes.fromhex("".join(lines)) for name, lines in tensor["sections"].items()}


def levels_of(tensor: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(bytes.fromhex("".join(tensor["levels"])), np.int8).reshape(tensor["shape"])


def codec_of(tensor: dict[str, Any]) -> IntegerCodec:
    parameters = dict(tensor["codec"])
    codec = by_name(parameters.pop("name"), parameters)
    assert isinstance(codec, IntegerCodec)
    return codec


@pytest.mark.parametrize("tensor", TENSORS)
def test_golden_sections_give_the_golden_integers(tensor: dict[str, Any]) -> None:
    integers = codec_of(tensor).integers(sections_of(tensor), tuple(tensor["shape"]))
    np.testing.assert_array_equal(integers.levels, levels_of(tensor), strict=True)
    assert integers.scales.tobytes().hex() == tensor["scales"]
    assert (integers.codebook is None) == ("codebook" not in tensor["sections"])


@pytest.mark.parametrize("tensor", TENSORS)
def test_golden_integers_give_the_golden_sections(tensor: dict[str, Any]) -> None:
    codec, sections = codec_of(tensor), sections_of(tensor)
    codebook = np.frombuffer(sections["codebook"], np.int8) if "codebook" in sections else None
    scales = np.frombuffer(sections["scales"], "<f4")
    assert codec.pack(Integers(levels_of(tensor), scales, codec.bits, codebook)) == sections


@pytest.mark.parametrize("tensor", TENSORS)
def test_a_reader_made_from_the_page_alone_reads_the_golden_tensors(tensor: dict[str, Any]) -> None:
    expected = levels_of(tensor).reshape(tensor["shape"][0], -1)
    np.testing.assert_array_equal(read(tensor["codec"], expected.shape, sections_of(tensor)), expected)


@pytest.mark.parametrize("codec", [Dense(4, 1), Sparse(3, 1, 0), Sparse(4, 1, 1), Sparse(8, 0, 1)], ids=str)
def test_a_reader_made_from_the_page_alone_reads_several_lanes(codec: Dense | Sparse) -> None:
    rng = np.random.default_rng(5)
    weights = np.where(rng.random((150, 200)) < 0.1, rng.standard_normal((150, 200)), 0).astype(np.float32)
    integers = codec.quantise(weights)
    parameters = {"name": codec.name, **codec.parameters()}
    np.testing.assert_array_equal(read(parameters, (150, 200), codec.pack(integers)), integers.levels)


def test_golden_tensors_cover_both_forms_of_coded_sections() -> None:
    coded = [each.values[0] for each in TENSORS if each.values[0]["codec"]["coded"]]
    dense = [each for each in coded if each["codec"]["name"] == "dense"]
    sizes = [(len(sections_of(each)["codes"]), packed_bytes(each)) for each in dense]
    assert any(stored == packed for stored, packed in sizes)
    assert {each["codec"]["bits"] for each, (stored, packed) in zip(dense, sizes, strict=True) if stored < packed} == {
        2, 3, 4, 6, 8,
    }  # fmt: skip


def packed_bytes(tensor: dict[str, Any]) -> int:
    rows, columns = levels_of(tensor).reshape(tensor["shape"][0], -1).shape
    bits = tensor["codec"]["bits"]
    return rows * (columns // 64 * 8 * bits + -(-(columns % 64) * bits // 8))


# The reader of the page.


def read(codec: dict[str, Any], shape: tuple[int, int], sections: dict[str, bytes]) -> np.ndarray:
    bits, (rows, columns) = codec["bits"], shape
    runs = [
        (row, first, min(64, columns - first))
        for block in range(0, rows, 16)
        for first in range(0, columns, 64)
        for row in range(block, min(block + 16, rows))
    ]
    levels = np.zeros(shape, np.int8)
    order = range(rows)
    if codec["name"] == "sparse":
        masks = unpack(sections["masks"], [64] * len(runs), 1)
        if codec["permuted"]:
            order = np.frombuffer(sections["order"], "<u2").tolist()
        places = [[j for j in range(64) if masks[64 * index + j]] for index in range(len(runs))]
        codes = unpack(sections["values"], list(map(len, places)), bits)
    else:
        places = [list(range(width)) for _, _, width in runs]
        codes = unpack(sections["codes"], [width for _, _, width in runs], bits)
    taken = iter(codes)
    for (row, first, _), columns_of_run in zip(runs, places, strict=True):
        for column in columns_of_run:
            levels[order[row], first + column] = level(next(taken), bits, sections.get("codebook"))
    return levels


def level(code: int, bits: int, codebook: bytes | None) -> int:
    if codebook is not None:
        return int(np.frombuffer(codebook, np.int8)[code])
    return code - 2**bits if code >= 2 ** (bits - 1) else code


def unpack(section: bytes, lengths: list[int], bits: int) -> list[int]:
    packed = sum(-(-length * bits // 8) for length in lengths)
    if len(section) < packed:
        return decode(section, sum(lengths), bits)
    codes, begin = [], 0
    for length in lengths:
        end = begin + -(-length * bits // 8)
        number = int.from_bytes(section[begin:end], "little")
        codes += [number >> bits * j & 2**bits - 1 for j in range(length)]
        begin = end
    assert begin == len(section)
    return codes


def decode(section: bytes, count: int, bits: int) -> list[int]:
    group = {1: 8, 2: 4, 3: 2, 4: 2, 6: 1, 8: 1}[bits]
    alphabet, symbols_left = 2 ** (group * bits), -(-count // group)
    lanes = 1
    while lanes * 2 <= min(max(1, symbols_left // 512), 1024):
        lanes *= 2
    frequencies = np.frombuffer(section, "<u2", alphabet).tolist()
    states = np.frombuffer(section, "<u4", lanes, 2 * alphabet).tolist()
    words = iter(np.frombuffer(section, "<u2", offset=2 * alphabet + 4 * lanes).tolist())
    shares = [symbol for symbol, frequency in enumerate(frequencies) for _ in range(frequency)]
    starts = np.cumsum([0, *frequencies]).tolist()
    codes: list[int] = []
    for index in range(symbols_left):
        lane = index % lanes
        slot = states[lane] % 2**14
        symbol = shares[slot]
        states[lane] = frequencies[symbol] * (states[lane] // 2**14) + slot - starts[symbol]
        if states[lane] < 2**16:
            states[lane] = 2**16 * states[lane] + next(words)
        codes += [symbol >> bits * j & 2**bits - 1 for j in range(group)]
    assert next(words, None) is None
    assert states == [2**16] * lanes
    return codes[:count]
