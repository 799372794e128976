"""Every way the bytes of a packed model can be wrong: refused in one sentence, without large allocations."""

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest

from stapes.errors import FormatError
from stapes.format import read
from tests.format.packed_file import BOMB_BYTES, File, refusal


def test_an_unspoilt_file_is_what_the_writer_writes(good: File, good_bytes: bytes) -> None:
    assert good.pack() == good_bytes


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "none.stapes")
    assert str(caught.value) == f"{tmp_path}/none.stapes: no such file; a packed model (.stapes) is expected"


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file; a packed model"):
        read(tmp_path)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.stapes").write_bytes(b"")
    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(FormatError, match=r"a\.stapes: cannot be read: Permission denied"):
        read(tmp_path / "a.stapes")


# --- the first 64 bytes ------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\x89STAPE", b"RIFF" + bytes(200)], ids=["empty", "cut", "wav"])
def test_not_a_packed_model(tmp_path: Path, data: bytes) -> None:
    assert refusal(tmp_path, data).startswith(
        "not a packed model: the first 8 bytes are not the magic number"
    )


def test_copied_as_text(good: File, tmp_path: Path) -> None:
    data = good.pack().replace(b"\n", b"\r\n")
    assert refusal(tmp_path, data).startswith("not a packed model")


def test_other_version(good: File, tmp_path: Path) -> None:
    good.version = 2
    assert refusal(tmp_path, good.pack()) == "format version 2 is not supported; version 1 is accepted"


@pytest.mark.parametrize("place", range(12, 64))
def test_flipped_bit_in_the_prologue(good: File, tmp_path: Path, place: int) -> None:
    data = bytearray(good.pack())
    data[place] ^= 1 << place % 8
    assert refusal(tmp_path, bytes(data)) == "the first 64 bytes are damaged: their checksum does not match"


def test_huge_header(good: File, tmp_path: Path) -> None:
    good.header_bytes = 2**32 - 1
    assert refusal(tmp_path, good.pack()) == "the header takes 4294967295 bytes; up to 1048576 are accepted"


@pytest.mark.parametrize("file_bytes", [0, 64, 2**30 + 1, 2**64 - 1])
def test_impossible_length(good: File, tmp_path: Path, file_bytes: int) -> None:
    good.file_bytes = file_bytes
    sentence = refusal(tmp_path, good.pack())
    assert sentence.startswith(f"the file says it has {file_bytes} bytes; ")
    assert sentence.endswith(" (its header) to 1073741824 are accepted")


def test_cut_off_anywhere(good: File, tmp_path: Path) -> None:
    data = good.pack()
    for length in itertools.chain(range(8, len(data), 41), [63, 64, 65, len(data) - 1]):
        assert refusal(tmp_path, data[:length]).startswith(f"cut off: {length} ")


def test_cut_off_where_the_header_says_a_gigabyte(good: File, tmp_path: Path) -> None:
    good.file_bytes = 2**30
    sentence = refusal(tmp_path, good.pack())
    assert sentence.startswith("cut off: ")
    assert sentence.endswith(" of 1073741824 bytes are there; copy the file again")


def test_foreign_bytes_at_the_end(good: File, tmp_path: Path) -> None:
    data = good.pack()
    sentence = refusal(tmp_path, data + bytes(64))
    assert sentence == f"{len(data) + 64} bytes are there, {len(data)} are expected: the rest is foreign"


# --- the header as JSON ------------------------------------------------------------


def test_flipped_bit_in_the_header(good: File, tmp_path: Path) -> None:
    data = bytearray(good.pack())
    data[100] ^= 4
    assert refusal(tmp_path, bytes(data)) == "the header is damaged: its checksum does not match"


def test_padding_of_the_header_that_is_not_zero(good: File, tmp_path: Path) -> None:
    good.header_padding = b"\0x"
    assert refusal(tmp_path, good.pack()) == "header is followed by padding that is not zero"


METADATA = b'{"metadata":{"x":%s},"tensors":[]}'


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (b"", "not UTF-8 JSON: Expecting value"),
        (b"{", "not UTF-8 JSON: Expecting property name"),
        (b'{"metadata":{},"tensors":[]}}', "not UTF-8 JSON: Extra data"),
        (METADATA % b'"\xff"', "not UTF-8 JSON: 'utf-8' codec can't decode byte 0xff"),
        (METADATA % b'"\\ud800"', "not UTF-8 JSON: 'utf-8' codec can't encode character"),
        (b"\xef\xbb\xbf{}", "not UTF-8 JSON: Unexpected UTF-8 BOM"),
        (METADATA % b"NaN", "the number NaN is not finite"),
        (METADATA % b"-Infinity", "the number -Infinity is not finite"),
        (METADATA % b"1e999", "the number '1e999' is not finite as a 64-bit float"),
        (METADATA % b"9007199254740992", "the integer '9007199254740992' is beyond ±(2^53 - 1)"),
        (METADATA % (b"9" * 5000), f"the integer '{'9' * 37}...' is beyond ±(2^53 - 1)"),
        (METADATA % b'{"y":1,"y":2}', "the key 'y' appears twice in one JSON object"),
        (
            b'{"metadata":{},"metadata":{},"tensors":[]}',
            "the key 'metadata' appears twice in one JSON object",
        ),
        (METADATA % (b"[" * 31 + b"]" * 31), "JSON nested 33 deep; up to 32 is accepted"),
        (METADATA % (b"[" * 3000), "JSON nested 3002 deep; up to 32 is accepted"),
        (METADATA % (b'"\\\\",' + b"[" * 40), "JSON nested 42 deep; up to 32 is accepted"),
    ],
    ids=[
        "empty",
        "open",
        "two values",
        "latin-1",
        "lone surrogate",
        "byte order mark",
        "nan",
        "infinity",
        "overflow",
        "large integer",
        "very long integer",
        "key twice",
        "top key twice",
        "deep",
        "very deep",
        "deep behind an escape",
    ],
)
def test_header_that_is_no_strict_json(good: File, tmp_path: Path, header: bytes, text: str) -> None:
    good.raw_header = header
    sentence = refusal(tmp_path, good.pack())
    assert sentence.startswith("header: ")
    assert text in sentence


TOO_MANY = " JSON values; up to 65536 are accepted"
ROOM = 2**20 - 100


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"[" + b"[]," * (ROOM // 3), TOO_MANY),
        (b"[" + b"{}," * (ROOM // 3), TOO_MANY),
        (b"[" + b"0," * (ROOM // 2), TOO_MANY),
        (b"[" + b'"",' * (ROOM // 3), TOO_MANY),
        (b"[" * ROOM, TOO_MANY),
        (b"[" * 60000 + b'"' + b"x" * (ROOM - 60002) + b'"', "JSON nested 60002 deep; up to 32 is accepted"),
        (b'"' * ROOM, "not UTF-8 JSON: "),
        (b"\\" * ROOM, "not UTF-8 JSON: "),
        (b" " * ROOM, "not UTF-8 JSON: "),
        (b"9" * ROOM, "the integer '9999999"),
    ],
    ids=[
        "lists",
        "objects",
        "numbers",
        "strings",
        "nesting",
        "nesting and a long string",
        "quotes",
        "escapes",
        "spaces",
        "digits",
    ],
)
def test_json_bomb(good: File, tmp_path: Path, value: bytes, text: str) -> None:
    good.raw_header = METADATA % value
    assert text in refusal(tmp_path, good.pack(), BOMB_BYTES)


def test_brackets_inside_strings_are_not_nesting(good: File, tmp_path: Path) -> None:
    good.header["metadata"] = {"vocabulary": ['"' + "[{" * 50, "\\", "\\\\" + "[" * 50]}
    path = tmp_path / "a.stapes"
    path.write_bytes(good.pack())
    assert read(path).metadata == good.header["metadata"]


# --- the data ------------------------------------------------------------


def test_flipped_bit_in_a_section(good: File, tmp_path: Path) -> None:
    good.data[good.section(2, 1)["offset"] + 3] ^= 1
    sentence = refusal(tmp_path, good.pack())
    assert sentence == "tensor 'c.uniform': section 'scales' is damaged: its checksum does not match"


def test_padding_that_is_not_zero(good: File, tmp_path: Path) -> None:
    good.data[63] = 1
    sentence = refusal(tmp_path, good.pack())
    assert sentence == "tensor 'a.half': section 'values' is followed by padding that is not zero"


@pytest.mark.parametrize(
    ("tensor", "section", "content", "text"),
    [
        (0, 0, b"\0\x7c", "tensor 'a.half': float16: value 0 of section 'values' is not finite"),
        (
            1,
            0,
            struct.pack("<f", np.nan),
            "tensor 'b.float': float32: value 0 of section 'values' is not finite",
        ),
        (2, 0, b"\x80", "tensor 'c.uniform': uniform: level [0, 0] is -128; -127 to 127 are accepted"),
        (2, 1, struct.pack("<f", np.nan), "tensor 'c.uniform': uniform: scale 0 is nan"),
        (2, 1, struct.pack("<f", -1), "tensor 'c.uniform': uniform: scale 0 is -1.0"),
    ],
    ids=["infinite half", "nan", "code -128", "nan scale", "negative scale"],
)
def test_values_that_no_codec_writes(
    good: File, tmp_path: Path, tensor: int, section: int, content: bytes, text: str
) -> None:
    good.spoil(tensor, section, content)
    assert refusal(tmp_path, good.pack()).startswith(text)
