"""Sections that no writer gives are refused with a sentence, and none makes a reader take much memory."""

import tracemalloc
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from stapes.codec import Dense, Float32, IntegerCodec, Integers, Sparse, Unsigned, entropy
from stapes.errors import FormatError

CODECS = [
    *(Dense(bits, coded) for bits in (2, 3, 4, 6, 8) for coded in (0, 1)),
    *(Sparse(bits, coded, permuted) for bits in (3, 8) for coded in (0, 1) for permuted in (0, 1)),
]
SHAPES = [(33, 70), (3, 5), (20, 1)]


def weights(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """A few large weights, some small ones and many zeros: what an entropy coder likes."""
    rng = np.random.default_rng(seed)
    some = np.where(rng.random(shape) < 0.2, rng.standard_normal(shape), 0)
    return np.asarray(np.where(rng.random(shape) < 0.02, 3, some), np.float32)


def refusal(codec: IntegerCodec, sections: dict[str, bytes], shape: tuple[int, ...]) -> str:
    with pytest.raises(FormatError) as caught:
        codec.integers(sections, shape)
    assert str(caught.value).startswith(f"{codec.name}: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("codec", CODECS, ids=str)
def test_damaged_sections_are_read_or_refused_and_never_crash(codec: IntegerCodec) -> None:
    rng = np.random.default_rng(1)
    for shape in SHAPES:
        sections = codec.encode(weights(shape))
        for _ in range(40):
            spoilt = dict(sections)
            name = str(rng.choice(sorted(spoilt)))
            content = bytearray(spoilt[name])
            if content and rng.random() < 0.8:
                content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
            else:
                content = content[: rng.integers(len(content) + 1)] + bytes(rng.integers(4))
            spoilt[name] = bytes(content)
            read_or_refuse(codec, spoilt, shape)


@hypothesis.given(st.data(), st.sampled_from(CODECS), st.tuples(st.integers(1, 40), st.integers(1, 140)))
@hypothesis.settings(max_examples=120, derandomize=True, deadline=None)
def test_any_bytes_are_read_or_refused(data: Any, codec: IntegerCodec, shape: tuple[int, int]) -> None:
    sections = {
        name: data.draw(st.binary(min_size=lengths[0], max_size=min(lengths[-1], lengths[0] + 64)))
        for name, lengths in codec.section_bytes(shape).items()
    }
    read_or_refuse(codec, sections, shape)


def read_or_refuse(codec: IntegerCodec, sections: dict[str, bytes], shape: tuple[int, ...]) -> None:
    try:
        integers = codec.integers(sections, shape)
    except FormatError as error:
        assert str(error).startswith(f"{codec.name}: ")
        return
    again = codec.integers(codec.pack(integers), shape)
    np.testing.assert_array_equal(again.levels, integers.levels)
    np.testing.assert_array_equal(again.scales, integers.scales)
    assert np.isfinite(integers.floats()).all()


@hypothesis.given(st.lists(st.integers(0, 255), min_size=1, max_size=3000), st.integers(0, 255))
@hypothesis.settings(max_examples=60, derandomize=True, deadline=None)
def test_any_symbols_come_back_from_the_coder(numbers: list[int], ceiling: int) -> None:
    symbols = np.minimum(np.array(numbers, np.uint8), np.uint8(ceiling))
    coded = entropy.encode(symbols, 256)
    np.testing.assert_array_equal(entropy.decode(coded, len(symbols), 256), symbols)


@pytest.mark.parametrize("count", [1, 511, 1023, 1024, 1025, 4096, 70_000])
def test_coded_symbols_take_little_more_than_their_entropy(count: int) -> None:
    rng = np.random.default_rng(count)
    symbols = np.clip(np.rint(rng.standard_normal(count) * 20 + 128), 0, 255).astype(np.uint8)
    shares = np.bincount(symbols) / count
    bits = -count * (shares * np.log2(np.where(shares > 0, shares, 1))).sum()
    sides = 2 * 256 + 4 * entropy.lanes(count)
    assert len(entropy.encode(symbols, 256)) <= sides + bits / 8 * 1.01 + 2


def coded(codec: Dense, shape: tuple[int, int]) -> tuple[dict[str, bytes], int]:
    """Sections of which ``codes`` is entropy-coded, and where its words begin."""
    sections = codec.encode(weights(shape))
    assert len(sections["codes"]) < codec.section_bytes(shape)["codes"][-1]
    return sections, 2 * 256 + 4 * entropy.lanes(shape[0] * shape[1])


def patched(content: bytes, place: int, number: int, size_bytes: int) -> bytes:
    return content[:place] + number.to_bytes(size_bytes, "little") + content[place + size_bytes :]


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda codes, words: codes[:-1], "is coded with 1197 bytes; an even number from 528 up is accepted"),
        (lambda codes, words: patched(codes, 0, 16384, 2), "is coded with frequencies that sum up to"),
        (
            lambda codes, words: patched(codes, words - 4, 65535, 4),
            "is coded with a first state of 65535; 65536",
        ),
        (lambda codes, words: codes[:-2], "words; more are expected for 2310 symbols"),
        (lambda codes, words: codes + bytes(2), "words that do not end where 2310 symbols end"),
        (lambda codes, words: codes[:-2] + bytes(2), "words that do not end where 2310 symbols end"),
        (lambda codes, words: codes[:100], "takes 578 to 2310 bytes, got 100"),
    ],
    ids=["odd", "frequencies", "state", "too few words", "too many words", "wrong last word", "too short"],
)
def test_coded_sections_that_no_writer_gives(spoil: Any, text: str) -> None:
    codec, shape = Dense(8, 1), (33, 70)
    sections, words = coded(codec, shape)
    sections["codes"] = spoil(sections["codes"], words)
    assert text in refusal(codec, sections, shape)


def test_a_shorter_section_is_refused_where_nothing_may_be_coded() -> None:
    sections, _ = coded(Dense(8, 1), (33, 70))
    text = refusal(Dense(8, 0), sections, (33, 70))
    assert text == f"dense: section 'codes' of shape [33, 70] takes 2310 bytes, got {len(sections['codes'])}"


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        (
            "codebook",
            bytes([0x80, 0, 1, 2]),
            "the code book is [-128, 0, 1, 2]; levels from -127 to 127 that",
        ),
        (
            "codebook",
            bytes([1, 0, 2, 3]),
            "the code book is [1, 0, 2, 3]; levels from -127 to 127 that never",
        ),
        (
            "codebook",
            bytes([1, 2, 3, 4]),
            "the code book is [1, 2, 3, 4]; levels from -127 to 127 that never",
        ),
        (
            "scales",
            np.full(3, -1, "<f4").tobytes(),
            "scale 0 is -1.0; 0 and 1.18e-38 to 2.66e+36 are accepted",
        ),
        ("scales", bytes(11), "section 'scales' of shape [3, 5] takes 12 bytes, got 11"),
    ],
)
def test_side_information_that_no_writer_gives(name: str, content: bytes, text: str) -> None:
    for codec in (Dense(2), Sparse(2)):
        sections = {**codec.encode(weights((3, 5), seed=3)), name: content}
        assert text in refusal(codec, sections, (3, 5))


def test_the_most_negative_level_is_refused_where_it_lies() -> None:
    sections = Dense(6).encode(weights((3, 5)))
    content = bytearray(sections["codes"])
    # Code 1 of row 1: bits 6 to 11 of a run of four bytes.
    content[4] = content[4] & 0x3F
    content[5] = content[5] & 0xF0 | 0x08
    text = refusal(Dense(6), {**sections, "codes": bytes(content)}, (3, 5))
    assert text == "dense: level [1, 1] is -32; -31 to 31 are accepted"


@pytest.mark.parametrize(
    ("name", "spoil", "text"),
    [
        (
            "masks",
            lambda masks: b"\x01\x02" + bytes(len(masks) - 2),
            "section 'offsets' does not fit the masks",
        ),
        ("offsets", lambda offsets: bytes(len(offsets)), "section 'offsets' does not fit the masks"),
        ("order", lambda order: bytes(len(order)), "section 'order' is no permutation of 20 rows"),
        ("values", lambda values: values + b"\0", "section 'values' has"),
        (
            "values",
            lambda values: bytes(len(values)),
            "a mask holds a weight of level 0 or outside the matrix",
        ),
        ("masks", lambda masks: beyond(masks), "a mask holds a weight of level 0 or outside the matrix"),
    ],
    ids=["masks", "offsets", "order", "too many values", "level 0", "outside"],
)
def test_sparse_sections_that_no_writer_gives(name: str, spoil: Any, text: str) -> None:
    codec, shape = Sparse(8, 0, 1), (20, 40)
    sections = codec.encode(weights(shape, seed=2))
    assert text in refusal(codec, {**sections, name: spoil(sections[name])}, shape)


def beyond(masks: bytes) -> bytes:
    """The highest bit of the first run goes beyond the last of its columns."""
    mask = int.from_bytes(masks[:8], "little")
    highest = 1 << mask.bit_length() - 1
    return (mask ^ highest | 1 << 63).to_bytes(8, "little") + masks[8:]


@pytest.mark.parametrize("codec", [Dense(4), Dense(8), Sparse(4)], ids=str)
def test_integers_of_another_codec_are_refused(codec: IntegerCodec) -> None:
    other = Dense(6).quantise(weights((3, 5)))
    with pytest.raises(FormatError, match=rf"integers of {codec.bits} bits are accepted, got 6 bits"):
        codec.pack(other)
    if codec.bits == 4:
        own = codec.quantise(weights((3, 5)))
        foreign = Integers(np.full_like(own.levels, 126), own.scales, 4, own.codebook)
        with pytest.raises(FormatError, match="a level is not in the code book; its entries are accepted"):
            codec.pack(foreign)


def test_a_permutation_has_at_most_65536_rows() -> None:
    tall = np.ones((65537, 1), np.float32)
    with pytest.raises(FormatError, match="sparse: up to 65536 permuted rows are accepted, got 65537"):
        Sparse(8, 0, 1).encode(tall)
    assert Sparse(8, 0, 0).decode(Sparse(8, 0, 0).encode(tall), tall.shape).all()


@pytest.mark.parametrize("codec", CODECS, ids=str)
@pytest.mark.parametrize("shape", [(96, 800), (3000, 3), (1, 70_000)], ids=str)
def test_reading_takes_16_bytes_a_weight_and_a_stored_byte_at_most(
    codec: IntegerCodec, shape: tuple[int, int]
) -> None:
    sections = codec.encode(weights(shape))
    stored = sum(map(len, sections.values()))
    tracemalloc.start()
    try:
        codec.integers(sections, shape)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 16 * (shape[0] * shape[1] + stored) + 2**20


@pytest.mark.parametrize("codec", [*CODECS, Unsigned(8, 1), Unsigned(16, 1)], ids=str)
def test_few_bytes_never_stand_for_many_weights(codec: IntegerCodec) -> None:
    for shape in ((1 << 14, 1 << 14), (1 << 28, 1), (1, 1 << 28)):
        if getattr(codec, "permuted", 0) and shape[0] > 1 << 16:
            continue
        tracemalloc.start()
        least = sum(lengths[0] for lengths in codec.section_bytes(shape).values())
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert 32 * least >= 1 << 28
        # Nothing of the file was compared with the shape yet.
        assert peak_bytes < 2**16


def test_zeros_compress_no_further_than_four_to_one() -> None:
    zeros = np.zeros((64, 640), np.float32)
    sections = Dense(8, 1).encode(zeros)
    assert zeros.size / 4 <= len(sections["codes"]) <= zeros.size / 3.7
    assert not Dense(8, 1).decode(sections, zeros.shape).any()


def test_floats_of_integers_have_memory_of_their_own() -> None:
    integers = Dense(4).quantise(weights((3, 5)))
    floats = integers.floats()
    floats[:] = 7
    assert not (integers.floats() == 7).any()
    np.testing.assert_array_equal(
        Float32().decode(Float32().encode(integers.floats()), (3, 5)), integers.floats()
    )
