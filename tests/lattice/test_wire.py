"""The wire form: what comes back, what it costs, what is refused."""

import dataclasses
import re
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.errors import ConfigError, FormatError
from stapes.lattice import Arc, Lattice, from_bytes, score_errors, to_bytes
from tests.lattice.enumeration import random_lattice

GOOD = Lattice(
    (0, 9, 10, 20),
    (
        Arc(0, 1, "call", 1, 9, -1.0, -0.5),
        Arc(0, 2, "cold", 0, 9, -3.0, -2.5),
        Arc(1, 3, "anna", 9, 20, -1.5, 0.0),
        Arc(2, 3, "", 10, 20, -2.0, 0.0),
        Arc(2, 3, "é", 10, 20, -2.0, -1.0),
    ),
    20,
)
BODY = to_bytes(GOOD)[:-4]


def sealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


def refused(data: bytes, sentence: str) -> None:
    with pytest.raises(FormatError, match=f"^{re.escape(sentence)}$"):
        from_bytes(data)


def assert_comes_back(lattice: Lattice) -> None:
    acoustic_error, context_error = score_errors(lattice)
    found = from_bytes(to_bytes(lattice))
    assert (found.frames, found.frame_ms) == (lattice.frames, lattice.frame_ms)
    for arc, sent in zip(found.arcs, lattice.arcs, strict=True):
        assert dataclasses.replace(arc, acoustic=0.0, context=0.0) == dataclasses.replace(
            sent, acoustic=0.0, context=0.0
        )
        assert abs(arc.acoustic - sent.acoustic) <= acoustic_error
        assert abs(arc.context - sent.context) <= context_error


def lattices() -> st.SearchStrategy[Lattice]:
    return st.builds(
        rescored, st.integers(0, 300), st.integers(2, 9), st.floats(-1e6, 1e6), st.floats(0, 1e5)
    )


def rescored(seed: int, nodes: int, offset: float, spread: float) -> Lattice:
    """A random lattice without parallel arcs of one word, so that rounding of scores cannot reorder its arcs."""
    lattice = random_lattice(seed, nodes)
    arcs = {(arc.source, arc.target, arc.word): arc for arc in lattice.arcs}.values()
    scaled = (
        dataclasses.replace(
            arc, acoustic=max(offset + arc.acoustic * spread, -1e6), context=arc.context * spread
        )
        for arc in arcs
    )
    return Lattice(lattice.frames, tuple(scaled), lattice.frame_ms)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(lattices())
def test_all_but_scores_come_back_and_scores_within_the_bound(lattice: Lattice) -> None:
    assert_comes_back(lattice)


@pytest.mark.parametrize("lattice", [GOOD, Lattice((0,), ()), Lattice((2**24 - 1,), (), 1000)])
def test_whole_lattices_come_back(lattice: Lattice) -> None:
    assert_comes_back(lattice)


@pytest.mark.parametrize("scores", [(-(2.0**20), 2.0**20), (0.1, 0.1), (0.1, 0.1 + 1e-12), (-1e-300, 1e-300)])
def test_extreme_scores_come_back(scores: tuple[float, float]) -> None:
    assert_comes_back(
        Lattice((0, 1), tuple(Arc(0, 1, w, 0, 1, s, s) for w, s in zip("ab", scores, strict=True)))
    )


def test_the_bound_is_half_a_step_of_255() -> None:
    arcs = tuple(Arc(0, 1, f"w{n}", 0, 1, -n * 0.37 % 51.0) for n in range(400))
    acoustic, context = score_errors(Lattice((0, 1), arcs))
    span = max(arc.acoustic for arc in arcs) - min(arc.acoustic for arc in arcs)
    assert acoustic == pytest.approx(span / 510, rel=1e-4)
    assert 0.0 < context < 1e-40


def test_an_arc_costs_few_bytes() -> None:
    arcs = [
        Arc(node, node + 1 + skip, word, node * 7, (node + 1 + skip) * 7, -float(node), -float(skip))
        for node in range(50)
        for skip, word in ((0, "turn"), (0, "on"), (1, "light"))
    ]
    lattice = Lattice(tuple(range(0, 52 * 7, 7)), (*arcs, Arc(50, 51, "off", 350, 357, -1.0)))
    assert len(to_bytes(lattice)) <= 4 * len(lattice.arcs) + 2 * len(lattice.frames) + 60


@pytest.mark.parametrize("length", range(len(BODY) + 4))
def test_truncated_messages_are_refused(length: int) -> None:
    with pytest.raises(FormatError, match=r"^lattice: "):
        from_bytes(to_bytes(GOOD)[:length])
    with pytest.raises(FormatError, match=r"^lattice: "):
        from_bytes(sealed(BODY[: min(length, len(BODY) - 1)]))


def test_every_flipped_bit_is_noticed() -> None:
    good = to_bytes(GOOD)
    for bit in range(len(good) * 8):
        spoilt = bytearray(good)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError, match=r"^lattice: "):
            from_bytes(bytes(spoilt))


def message(
    head: bytes = b"\x28\x01\x02",
    scales: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
    words: bytes = b"\x01a",
    frames: bytes = b"\x00\x05",
    arcs: bytes = b"\x01\x00\x01",
    codes: bytes = b"",
) -> bytes:
    return sealed(b"\x89SLT\x01" + head + struct.pack("<4f", *scales) + words + frames + arcs + codes)


def test_the_message_that_the_next_tests_spoil_is_good() -> None:
    assert from_bytes(message()) == Lattice((0, 5), (Arc(0, 1, "a", 0, 5, 0.0),))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "begins with '', accepted is '89534c54'"),
        (b"RIFF", "begins with '52494646', accepted is '89534c54'"),
        (b"\x89SLT\x01\x00\x00\x00", "8 bytes, a message has more"),
        (b"\x89SLT\x02\x00\x00\x00\x00", "version 2, accepted is 1"),
        (b"\x89SLT" + bytes(2**20), "1048580 bytes, accepted are at most 1048576"),
        (message()[:-1] + b"\x00", "CRC-32 is"),
        (message(head=b"\x00\x01\x02"), "frame_ms is 0, accepted are 1 to 1000"),
        (message(head=b"\xa8\x00\x01\x02"), "frame_ms is written with more bytes than it needs"),
        (message(head=b"\xff\xff\xff\xff\x01"), "frame_ms has more than 4 bytes"),
        (
            message(head=b"\x28\xff\xff\xff\x7f\x02"),
            "268435455 words in 24 bytes, accepted are at most 65536",
        ),
        (
            message(head=b"\x28\x01\xff\xff\xff\x7f"),
            "268435455 nodes in 23 bytes, accepted are at most 65536",
        ),
        (message(head=b"\x28\x01\x00", frames=b"", arcs=b""), "0 nodes, accepted are 1 to 65536"),
        (
            message(scales=(float("nan"), 0, 0, 0)),
            "acoustic scale begins at nan with steps of 0.0, out of range",
        ),
        (
            message(scales=(0, 0, 2.0**21, 0)),
            "context scale begins at 2097152.0 with steps of 0.0, out of range",
        ),
        (message(scales=(0, -1.0, 0, 0)), "acoustic scale begins at 0.0 with steps of -1.0, out of range"),
        (
            message(scales=(0, 0, 0, float("inf"))),
            "context scale begins at 0.0 with steps of inf, out of range",
        ),
        (message(words=b"\x00"), "word 1 has 0 bytes, accepted are 1 to 255"),
        (message(words=b"\x80\x02"), "word 1 has 256 bytes, accepted are 1 to 255"),
        (message(words=b"\x7f"), "ends within word 1: 127 bytes are needed, 5 are left"),
        (message(words=b"\x01\xff"), "word table is not UTF-8"),
        (message(words=b"\x01 "), "arc 0: word ' ' holds white space"),
        (message(head=b"\x28\x02\x02", words=b"\x01b\x01a"), "word 2 is not after the word before it"),
        (message(head=b"\x28\x02\x02", words=b"\x01a\x01a"), "word 2 is not after the word before it"),
        (message(frames=b"\x00\xff\xff\xff\x7f"), "node 1 is at frame 268435455, accepted are 0 to 16777215"),
        (
            message(arcs=b"\xff\xff\x03\x00\x01"),
            "65535 arcs of node 0 in 2 bytes, accepted are at most 65536",
        ),
        (message(arcs=b"\x01\x04\x01"), "arc of node 0 leads to node 2 of 2"),
        (message(arcs=b"\x01\x00\x02"), "arc of node 0 names word 2 of 1"),
        (message(arcs=b"\x00"), "no arc leaves node 0, and only node 1 is the end"),
        (message(arcs=b"\x01\x02\x01\x05"), "arc 0: lasts from frame 6 to 5, accepted is within 0 to 5"),
        (message(arcs=b"\x01\x01\x01\x05"), "arc 0: lasts from frame 0 to -1, accepted is within 0 to 5"),
        (message(scales=(0, 1.0, 0, 0)), "ends within acoustic codes: 1 bytes are needed, 0 are left"),
        (message(codes=b"\x00"), "1 bytes follow the last score"),
    ],
)
def test_hostile_messages_are_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(FormatError, match=f"^lattice: {re.escape(sentence)}"):
        from_bytes(data)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(5, len(BODY) - 1), st.binary(max_size=3)), min_size=1, max_size=4))
def test_no_spoilt_message_does_anything_but_be_refused_or_read(changes: list[tuple[int, bytes]]) -> None:
    spoilt = BODY
    for at, replacement in changes:
        spoilt = spoilt[:at] + replacement + spoilt[at + 1 :]
    try:
        assert_comes_back(from_bytes(sealed(spoilt)))
    except FormatError as error:
        assert str(error).startswith("lattice: ")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=120))
def test_no_bytes_do_anything_but_be_refused_or_read(body: bytes) -> None:
    try:
        from_bytes(sealed(b"\x89SLT\x01" + body))
    except FormatError as error:
        assert str(error).startswith("lattice: ")


def test_a_lattice_too_large_for_the_wire_is_refused_by_the_writer() -> None:
    arcs = tuple(Arc(0, 1, f"{n:0>250}", 0, 1, 0.0) for n in range(4200))
    with pytest.raises(
        ConfigError, match=r"^lattice: \d+ bytes on the wire, accepted are at most 1048576; prune first$"
    ):
        to_bytes(Lattice((0, 1), arcs))
