"""Codecs: what comes back is within the stated bound, sizes are the stated ones, wrong input is refused."""

import dataclasses
import math

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest

from stapes.codec import CODECS, Codec, Dense, Float16, Float32, Sparse, Uniform, Unsigned, by_name
from stapes.errors import ConfigError, FormatError

SMALLEST_NORMAL = float(np.finfo(np.float32).smallest_normal)
DENSE = [Dense(bits, coded) for bits in (2, 3, 4, 6, 8) for coded in (0, 1)]
SPARSE = [Sparse(2, 1, 0), Sparse(3, 0, 1), Sparse(4, 1, 1), Sparse(6, 0, 0), Sparse(8, 1, 0)]
ALL = [Float32(), Float16(), Uniform(), *DENSE, *SPARSE]
# Code books are fitted to weights: fitted to what came back they differ.
IDEMPOTENT = [codec for codec in ALL if codec.parameters().get("bits", 8) > 4]
SHAPES = [(1,), (3,), (1, 1), (1, 7), (7, 1), (8, 9), (3, 64), (5, 65), (2, 3, 4), (2, 1, 3, 1)]


def random(shape: tuple[int, ...], scale: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(0).standard_normal(shape) * scale).astype(np.float32)


@pytest.mark.parametrize("codec", ALL, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_comes_back_within_the_bound(codec: Codec, shape: tuple[int, ...]) -> None:
    weights = random(shape)
    back = codec.decode(codec.encode(weights), shape)
    assert back.shape == shape
    assert back.dtype == np.float32
    error = np.abs(back.astype(np.float64) - weights)
    assert (error <= codec.error_bound(weights)).all()


@hypothesis.given(
    arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=1, max_dims=3, max_side=9),
        elements=st.floats(-65504, 65504, width=32) | st.floats(-(2.0**-13), 2.0**-13, width=32),
    ),
    st.sampled_from(ALL),
)
@hypothesis.settings(max_examples=150, derandomize=True, deadline=None)
def test_any_weights_come_back_within_the_bound(weights: np.ndarray, codec: Codec) -> None:
    error = np.abs(codec.decode(codec.encode(weights), weights.shape).astype(np.float64) - weights)
    assert (error <= codec.error_bound(weights)).all()


@pytest.mark.parametrize("codec", IDEMPOTENT, ids=str)
def test_what_came_back_is_a_fixed_point_and_read_only(codec: Codec) -> None:
    back = codec.decode(codec.encode(random((8, 9))), (8, 9))
    again = codec.decode(codec.encode(back), (8, 9))
    np.testing.assert_array_max_ulp(again, back, maxulp=1)
    with pytest.raises(ValueError, match="read-only"):
        back[0, 0] = 1


@pytest.mark.parametrize("codec", ALL, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sections_have_the_stated_sizes(codec: Codec, shape: tuple[int, ...]) -> None:
    sections = codec.encode(random(shape))
    lengths = codec.section_bytes(shape)
    assert sorted(sections) == sorted(lengths)
    assert all(len(content) in lengths[name] for name, content in sections.items())
    stored_bits = 8 * sum(map(len, sections.values())) / math.prod(shape)
    assert stored_bits <= codec.bits_per_weight(shape)
    if not {"coded", "permuted"} & set(codec.parameters()):
        assert stored_bits == codec.bits_per_weight(shape)


def test_bits_per_weight_counts_the_scales() -> None:
    assert Float32().bits_per_weight((10, 64)) == 32
    assert Float16().bits_per_weight((10, 64)) == 16
    assert Uniform().bits_per_weight((10, 64)) == 8.5
    assert Dense(8).bits_per_weight((10, 64)) == 8.5
    assert Dense(4).bits_per_weight((16, 64)) == 4 + (16 * 32 + 16 * 8) / 1024
    # Masks, codes for all, scales, a code book and two offsets.
    assert Sparse(4).bits_per_weight((16, 64)) == 1 + 4 + (16 * 32 + 16 * 8 + 2 * 32) / 1024


def test_float32_is_exact_down_to_the_last_bit() -> None:
    weights = np.array([0.0, -0.0, 1e-45, -3.4028235e38, 1 / 3], np.float32)
    assert Float32().decode(Float32().encode(weights), (5,)).tobytes() == weights.tobytes()
    assert Float32().encode(np.array([1], np.float32)) == {"values": bytes.fromhex("0000803f")}
    assert not Float32().error_bound(weights).any()


def test_float16_rounds_half_to_even() -> None:
    weights = np.array([1 + 2**-11, 1 + 3 * 2**-11, 65504], np.float32)
    back = Float16().decode(Float16().encode(weights), (3,))
    np.testing.assert_array_equal(back, np.array([1, 1 + 2**-9, 65504], np.float32))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("coded", [0, 1])
def test_unsigned_keeps_whole_numbers(bits: int, coded: int) -> None:
    numbers = np.array([[0, 1, 2**bits - 1]], np.float32)
    sections = Unsigned(bits, coded).encode(numbers)
    assert len(sections["values"]) == 3 * bits // 8
    assert sections["values"][bits // 8 : bits // 4] == (1).to_bytes(bits // 8, "little")
    np.testing.assert_array_equal(Unsigned(bits, coded).decode(sections, (1, 3)), numbers)
    many = np.random.default_rng(0).choice(2**bits // 20 * np.arange(20), (3000, 3)).astype(np.float32)
    sections = Unsigned(bits, coded).encode(many)
    assert (len(sections["values"]) < 9000 * bits // 8) == bool(coded)
    np.testing.assert_array_equal(Unsigned(bits, coded).decode(sections, (3000, 3)), many)


@pytest.mark.parametrize("number", [-1.0, 0.5, 256.0])
def test_unsigned_refuses_what_it_cannot_keep(number: float) -> None:
    with pytest.raises(FormatError, match=r"unsigned: .*accepted"):
        Unsigned(8).encode(np.array([1, number], np.float32))


def test_unsigned_takes_8_or_16_bits() -> None:
    with pytest.raises(ConfigError, match="unsigned: 8 or 16 bits are accepted, got 7"):
        Unsigned(7)
    with pytest.raises(ConfigError, match="unsigned: coded is 2; 0 and 1 are accepted"):
        Unsigned(8, 2)


def test_scalar_is_one_float() -> None:
    sections = Float32().encode(np.array(2.5, np.float32))
    assert Float32().decode(sections, ()) == np.float32(2.5)


def test_uniform_rounds_half_to_even_with_one_scale_per_row() -> None:
    weights = np.array([[127, 0.5, 1.5, -2.5], [-254, 2, 1, 0]], np.float32)
    sections = Uniform().encode(weights)
    assert np.frombuffer(sections["codes"], np.int8).reshape(2, 4).tolist() == [
        [127, 0, 2, -2],
        [-127, 1, 0, 0],
    ]
    assert np.frombuffer(sections["scales"], "<f4").tolist() == [1, 2]
    expected = np.array([[127, 0, 2, -2], [-254, 2, 0, 0]], np.float32)
    np.testing.assert_array_equal(Uniform().decode(sections, (2, 4)), expected)


@pytest.mark.parametrize("peak", [0, 1e-45, 1e-38, 126 * SMALLEST_NORMAL])
def test_uniform_row_as_good_as_zero_has_scale_zero(peak: float) -> None:
    weights = np.array([[0, -peak], [1, 2]], np.float32)
    sections = Uniform().encode(weights)
    assert sections["scales"][:4] == bytes(4)
    assert sections["codes"][:2] == bytes(2)
    back = Uniform().decode(sections, (2, 2))
    assert not back[0].any()
    assert (np.abs(back.astype(np.float64) - weights) <= Uniform().error_bound(weights)).all()


@pytest.mark.parametrize("peak", [127.5 * SMALLEST_NORMAL, 127 * 2.0**121])
def test_uniform_keeps_the_smallest_and_the_largest_rows(peak: float) -> None:
    weights = np.array([[peak, -peak, peak / 2]], np.float32)
    back = Uniform().decode(Uniform().encode(weights), (1, 3))
    assert (np.abs(back.astype(np.float64) - weights) <= Uniform().error_bound(weights)).all()
    assert back[0, 0] > 0.99 * peak


def test_uniform_ignores_the_memory_order_of_its_input() -> None:
    weights = random((4, 6))
    assert Uniform().encode(np.asfortranarray(weights)) == Uniform().encode(weights)
    assert Float32().encode(np.asfortranarray(weights)) == Float32().encode(weights)


@pytest.mark.parametrize(
    ("codec", "weights", "text"),
    [
        (Float32(), np.zeros((2, 2)), "float32: float32 weights are accepted, got float64"),
        (
            Float32(),
            np.array([[0, 1], [np.nan, 0]], np.float32),
            "float32: weight [1, 0] is nan; finite values up to ±3.40282e+38 are accepted",
        ),
        (
            Float16(),
            np.array([0, -65505], np.float32),
            "float16: weight [1] is -65505.0; finite values up to ±65504 are accepted",
        ),
        (
            Uniform(),
            np.array([[np.inf]], np.float32),
            "uniform: weight [0, 0] is inf; finite values up to ±3.37624e+38 are accepted",
        ),
        (
            Uniform(),
            np.array(1, np.float32),
            "uniform: a tensor with at least one axis is accepted, got a scalar",
        ),
        (
            Uniform(),
            np.zeros((3, 0), np.float32),
            "uniform: at least one weight is accepted, got shape [3, 0]",
        ),
    ],
    ids=["double", "nan", "beyond half", "infinite", "scalar", "empty"],
)
def test_refuses_weights_it_cannot_hold(codec: Codec, weights: np.ndarray, text: str) -> None:
    with pytest.raises(FormatError) as caught:
        codec.encode(weights)
    assert str(caught.value) == text


def scales(*values: float) -> bytes:
    return np.array(values, "<f4").tobytes()


SCALES_ACCEPTED = "0 and 1.18e-38 to 2.66e+36 are accepted"


@pytest.mark.parametrize(
    ("codec", "sections", "text"),
    [
        (Float32(), {"values": scales(1, np.nan)}, "float32: value 1 of section 'values' is not finite"),
        (Float16(), {"values": b"\0\0\0\x7c"}, "float16: value 1 of section 'values' is not finite"),
        (Float32(), {"values": bytes(7)}, "float32: section 'values' of shape [2, 1] takes 8 bytes, got 7"),
        (Uniform(), {"codes": bytes(2)}, "uniform: sections codes, scales are expected, got codes"),
        (
            Uniform(),
            {"codes": b"\0\x80", "scales": scales(1, 1)},
            "uniform: level [1, 0] is -128; -127 to 127 are accepted",
        ),
        (Uniform(), {"codes": bytes(2), "scales": scales(1, np.nan)}, f"scale 1 is nan; {SCALES_ACCEPTED}"),
        (Uniform(), {"codes": bytes(2), "scales": scales(np.inf, 1)}, f"scale 0 is inf; {SCALES_ACCEPTED}"),
        (Uniform(), {"codes": bytes(2), "scales": scales(1, -1)}, f"scale 1 is -1.0; {SCALES_ACCEPTED}"),
        (Uniform(), {"codes": bytes(2), "scales": scales(1, -0.0)}, f"scale 1 is -0.0; {SCALES_ACCEPTED}"),
        (Uniform(), {"codes": bytes(2), "scales": scales(1e-39, 1)}, "scale 0 is"),
        (Uniform(), {"codes": bytes(2), "scales": scales(1, 2.7e36)}, "scale 1 is 2.7"),
    ],
    ids=[
        "nan",
        "infinite half",
        "length",
        "missing section",
        "code -128",
        "nan scale",
        "infinite scale",
        "negative scale",
        "minus zero",
        "subnormal scale",
        "scale that overflows",
    ],
)
def test_refuses_sections_that_it_would_not_write(
    codec: Codec, sections: dict[str, bytes], text: str
) -> None:
    with pytest.raises(FormatError) as caught:
        codec.decode(sections, (2, 1))
    assert text in str(caught.value)
    assert str(caught.value).startswith(codec.name)


def test_refuses_to_decode_an_empty_shape() -> None:
    with pytest.raises(FormatError, match="float32: at least one weight is accepted, got shape"):
        Float32().decode({"values": b""}, (0, 3))


def test_registry_rebuilds_every_codec_from_its_name_and_parameters() -> None:
    assert sorted(CODECS) == ["dense", "float16", "float32", "sparse", "uniform", "unsigned"]
    for codec in ALL:
        assert by_name(codec.name, codec.parameters()) == codec
    assert Uniform().parameters() == {"bits": 8}


@pytest.mark.parametrize(
    ("name", "parameters", "text"),
    [
        (
            "zip",
            {},
            "codec 'zip' is unknown; dense, float16, float32, sparse, uniform, unsigned are accepted",
        ),
        ("uniform", {"bits": 4}, "codec 'uniform': uniform: 8 bits are accepted, got 4"),
        ("dense", {"bits": 5}, "codec 'dense': dense: bits is 5; 2, 3, 4, 6 and 8 are accepted"),
        ("sparse", {"coded": 2}, "codec 'sparse': sparse: coded is 2; 0 and 1 are accepted"),
        ("uniform", {"bit": 8}, "codec 'uniform': unknown setting 'bit'; did you mean 'bits'?"),
    ],
)
def test_registry_refuses_what_it_does_not_know(name: str, parameters: dict[str, int], text: str) -> None:
    with pytest.raises(FormatError) as caught:
        by_name(name, parameters)
    assert str(caught.value) == text


def test_codec_is_a_value() -> None:
    with pytest.raises(ConfigError, match="uniform: 8 bits are accepted, got 4"):
        Uniform(bits=4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Uniform().bits = 4  # type: ignore[misc]  # that this fails is what is tested
    assert str(Uniform()) == "uniform bits=8"
