"""Unpacking of Rob Northen compression."""

import random
import struct

import pytest

from stapes.corpus.games.rnc import MAX_UNPACKED_BYTES, unpack
from tests.corpus.game_files import rnc, rnc_plain

# Two blocks by hand: a run of 5; copies of 4 from 2 back, which overlaps itself, and of 9 from 9 back.
BLOCKS = [[(b"abcde", 2, 4), (b"!", 9, 9), (b"", 0, 0)], [(b"end", 1, 1000), (b"", 0, 0)]]
UNPACKED = b"abcde" + b"dede" + b"!" + b"bcdedede!" + b"end" + b"d" * 1000


def test_runs_and_copies_make_the_bytes() -> None:
    assert unpack(rnc(BLOCKS, len(UNPACKED))) == UNPACKED


@pytest.mark.parametrize("size", [0, 1, 2, 3, 15, 16, 17, 2046, 2047, 2048, 5000])
def test_any_length_comes_back(size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert unpack(rnc_plain(content)) == content


def test_the_last_word_may_lack_its_upper_byte() -> None:
    """In the game it does where only few bits are in it."""
    streams = ((length, rnc([[(b"abc", 1, length), (b"", 0, 0)]], 3 + length)) for length in range(2, 40))
    length, packed = next(both for both in streams if both[1][-1] == 0)
    assert unpack(packed[:-1]) == b"ab" + b"c" * (1 + length)
    with pytest.raises(ValueError, match="bits are wanted where there are fewer"):
        unpack(packed[:-2])


def test_another_size_than_promised_is_refused() -> None:
    for size in (len(UNPACKED) - 1, len(UNPACKED) + 1):
        with pytest.raises(ValueError, match=r"are copied to|were promised"):
            unpack(rnc(BLOCKS, size))


def test_a_copy_of_what_was_never_there_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes from -3 on are copied to 2 of 5"):
        unpack(rnc([[(b"ab", 5, 3), (b"", 0, 0)]], 5))


def test_a_copy_beyond_the_promised_size_is_refused_before_it_is_made() -> None:
    with pytest.raises(ValueError, match="2047 bytes from 1 on are copied to 2 of 5"):
        unpack(rnc([[(b"ab", 1, 2047), (b"", 0, 0)]], 5))


def test_a_bomb_is_refused() -> None:
    with pytest.raises(ValueError, match=f"with up to {MAX_UNPACKED_BYTES} is accepted"):
        unpack(rnc([[(b"a", 1, 2), (b"", 0, 0)]], MAX_UNPACKED_BYTES + 1))


@pytest.mark.parametrize("lengths", [[1, 1, 1], [0, 0, 0]], ids=["crowded", "empty"])
def test_codes_that_cannot_be_are_refused(lengths: list[int]) -> None:
    bits = "00" + "".join(
        f"{value:0{count}b}"[::-1] for value, count in [(3, 5), *((n, 4) for n in lengths)] * 3 + [(1, 16)]
    )
    bits += "0" * (-len(bits) % 16 + 16)
    body = b"".join(int(bits[at : at + 16][::-1], 2).to_bytes(2, "little") for at in range(0, len(bits), 16))
    with pytest.raises(ValueError, match=r"no room|no symbol has the code"):
        unpack(b"RNC\1" + bytes([0, 0, 0, 1]) + bytes(9) + b"\1" + body)


def test_every_cut_is_refused() -> None:
    packed = rnc(BLOCKS, len(UNPACKED))
    for size in range(len(packed) - 1):
        with pytest.raises((ValueError, struct.error)):
            unpack(packed[:size])
