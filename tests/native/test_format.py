"""The native reader of packed models refuses what the reference refuses, in the same words, and reads the same."""

import copy
import random
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stapes.codec import Dense, Float16, Float32, Sparse, Uniform, Unsigned
from stapes.engine import bundled_model
from stapes.errors import FormatError
from stapes.format import read, write
from tests.format.packed_file import File, sound_model
from tests.format.test_header import SPOILT

from .building import build
from .test_programs import needs_compiler

pytestmark = needs_compiler

# What sentences, tables of the entropy coder and the like take of a file however small.
ROOM_BYTES = 1 << 16
MORE = [
    lambda file: setattr(file, "version", 2),
    lambda file: setattr(file, "header_bytes", 2**32 - 1),
    lambda file: setattr(file, "file_bytes", 2**30),
    lambda file: setattr(file, "file_bytes", 10 * 2**30),
    lambda file: setattr(file, "reserved", b"\1" * 32),
    lambda file: setattr(file, "header_padding", b"\0x"),
    lambda file: file.data.extend(bytes(64)),
    lambda file: file.data.__setitem__(63, 1),
    lambda file: file.data.__setitem__(1, 1),
    lambda file: file.spoil(0, 0, b"\0\x7c"),
    lambda file: file.spoil(1, 0, struct.pack("<f", np.nan)),
    lambda file: file.spoil(2, 0, b"\x80"),
    *(
        lambda file, scale=scale: file.spoil(2, 1, struct.pack("<f", scale))
        for scale in (np.nan, -1, np.inf, 1e-45, 3e36, -0.0)
    ),
    lambda file: file.tensor(1).update(shape=[2**31, 2**31, 2**31]),
    lambda file: file.tensor(1).update(shape=[2**52, 0, 2**52]),
]
JSON = [
    b"",
    b"{",
    b'{"metadata":{},"tensors":[]}}',
    *(
        b'{"metadata":{"x":%s},"tensors":[]}' % value
        for value in (
            b'"\xff"',
            b'"\xed\xa0\x80"',
            b'"\xf4\x90\x80\x80"',
            b'"\xc0\x80"',
            b'"\\ud800"',
            b'"\\ude00\\ud800"',
            b'"\\ud800\\u0041"',
            b'"\\x"',
            b'"\t"',
            b"NaN",
            b"-Infinity",
            b"1e999",
            b"-1e999",
            b"123.5e307",
            b"9007199254740992",
            b"-9007199254740992",
            b"9" * 5000,
            b"01",
            b"1.",
            b".5",
            b"+1",
            b"-",
            b"1e",
            b"tru",
            b"[1,]",
            b"[1",
            b'{"y"}',
            b'{"y":1,}',
            b'{1:"y"}',
            b'{"y":1,"y":2}',
            b'{"\\u0079":1,"y":2}',
            b"[" * 31 + b"]" * 31,
            b'["\\\\",' + b"[" * 40,
            b"[" + b"0," * 70000,
            b"\x0b1",
        )
    ),
]
SOUND_JSON = [
    b"1e-999",
    b"0.0000001e-320",
    b"0e999",
    b"-0",
    b"-0.0",
    b"9007199254740991",
    b"1.7976931348623157e308",
    b'"\\ud83d\\ude00 \xf0\x9f\x98\x80 \\" \\\\ \\/ \\b\\f\\n\\r\\t"',
    b"[" * 30 + b"]" * 30,
    b"[" + b",".join([b"0"] * 65000) + b"]",
    b"{" + b",".join(b'"%x":0' % number for number in range(32000)) + b"}",
    b' { "a" : [ true , false , null ] } ',
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> File:
    return File.parse(sound_model(tmp_path_factory.mktemp("packed") / "good.stapes"))


def native(*paths: Path, values: bool = False) -> list[str]:
    """A line for each path: «ok» or the sentence, as the sanitized build has it."""
    program = build("format_tool", "sanitized")
    arguments = [program, *(["--values"] if values else []), *paths]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()


def integer_tensors(columns: int) -> dict[str, Any]:
    """A matrix of every kind of integer codec, half of it zeros, in rows of very different numbers of them."""
    rng = np.random.default_rng(columns)
    tensors: dict[str, Any] = {}
    for bits in (2, 3, 4, 6, 8):
        for coded in (0, 1):
            weights = rng.standard_normal((37, columns)).astype(np.float32) ** 3
            weights[rng.random((37, columns)) < rng.random((37, 1))] = 0
            tensors[f"dense.{bits}.{coded}"] = weights, Dense(bits, coded)
            for permuted in (0, 1):
                tensors[f"sparse.{bits}.{coded}.{permuted}"] = weights, Sparse(bits, coded, permuted)
    return tensors


def other_tensors() -> dict[str, Any]:
    """A tensor of every other codec."""
    odd = np.array([0, -0.0, 65504, -65504, 6e-8, 6.1e-5, 1, 0.333], np.float32)
    return {
        "half": (odd, Float16()),
        "scalar": (np.array(3.5, np.float32), Float32()),
        "uniform": (np.random.default_rng(0).standard_normal((3, 2, 5)).astype(np.float32), Uniform()),
        "unsigned": (np.arange(0, 256, dtype=np.float32).reshape(2, 128), Unsigned(8)),
        "unsigned16": (np.array([0, 1, 256, 65535], np.float32), Unsigned(16)),
        "unsigned.coded": (np.arange(2400, dtype=np.float32) % 300 // 90, Unsigned(8, 1)),
        "unsigned16.coded": (np.arange(2400, dtype=np.float32) % 300, Unsigned(16, 1)),
    }


def reference(path: Path) -> str:
    """«ok», or the sentence of the reference."""
    try:
        read(path)
    except FormatError as error:
        return str(error)
    return "ok"


def check_alike(folder: Path, contents: list[bytes]) -> list[str]:
    """Both readers say the same of files with ``contents``; what they say, without the path."""
    paths = [folder / f"{number}.stapes" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    lines = native(*paths)
    assert len(lines) == len(paths)
    verdicts = []
    for path, line, content in zip(paths, lines, contents, strict=True):
        verdict = line.removeprefix(f"{path}: ")
        if line.startswith(f"{path} ok "):
            verdict = "ok"
            assert int(line.split()[-1]) <= 4 * len(content) + ROOM_BYTES, line
        wanted = reference(path).removeprefix(f"{path}: ")
        # Each reader names what of a header that is no JSON it finds first in its own words.
        no_json = verdict.startswith("header: not UTF-8 JSON: ") and wanted.startswith("header: ")
        if "unknown setting" in wanted:
            verdict, wanted = verdict.split("; ")[0], wanted.split("; ")[0]
        assert verdict == wanted or no_json
        verdicts.append(verdict)
    return verdicts


def spoilt(good: File, spoil: Any) -> bytes:
    file = copy.deepcopy(good)
    spoil(file)
    return file.pack()


def with_header(good: File, header: bytes) -> bytes:
    file = copy.deepcopy(good)
    file.raw_header, file.data = header, bytearray()
    return file.pack()


def test_headers_that_lie(good: File, tmp_path: Path) -> None:
    contents = [spoilt(good, spoil) for spoil, _ in SPOILT.values()]
    assert "ok" not in check_alike(tmp_path, contents)


def test_hostile_files(good: File, tmp_path: Path) -> None:
    packed = good.pack()
    contents = [spoilt(good, spoil) for spoil in MORE]
    contents += [b"", b"\x89STAPE", b"RIFF" + bytes(200), packed + bytes(64), packed.replace(b"\n", b"\r\n")]
    contents += [packed[:length] for length in (8, 63, 64, 65, 200, len(packed) - 1)]
    assert "ok" not in check_alike(tmp_path, contents)


def test_headers_that_are_no_strict_json(good: File, tmp_path: Path) -> None:
    assert "ok" not in check_alike(tmp_path, [with_header(good, header) for header in JSON])


def test_headers_that_are_strict_json(good: File, tmp_path: Path) -> None:
    headers = [b'{"metadata":{"x":%s},"tensors":[]}' % value for value in SOUND_JSON]
    verdicts = check_alike(tmp_path, [with_header(good, header) for header in headers])
    assert verdicts == ["ok"] * len(headers)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    paths = [tmp_path / "none.stapes", tmp_path]
    assert native(*paths) == [reference(path) for path in paths]


def test_random_damage(good: File, tmp_path: Path) -> None:
    random.seed(0)
    packed = good.pack()
    contents = []
    for _ in range(400):
        damaged = bytearray(packed)
        for _ in range(random.randint(1, 3)):
            damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        contents.append(bytes(damaged[: random.choice([len(damaged), random.randrange(len(damaged))])]))
    check_alike(tmp_path, contents)


def test_random_headers_with_right_checksums(good: File, tmp_path: Path) -> None:
    random.seed(1)
    pieces = [b"0", b"-1", b"[]", b"{}", b'"a"', b"1e3", b"null", b"true", b",", b'"bits":', b"9" * 15, b""]
    header = good.pack()[64:].split(b"\0", 1)[0]
    contents = []
    for _ in range(400):
        place = random.randrange(len(header))
        end = place + random.randrange(6)
        contents.append(
            spoilt(
                good,
                lambda file, a=place, b=end: setattr(
                    file, "raw_header", header[:a] + random.choice(pieces) + header[b:]
                ),
            )
        )
    check_alike(tmp_path, contents)


def test_damaged_integers_with_right_checksums(tmp_path: Path) -> None:
    random.seed(2)
    contents = []
    for tensor in integer_tensors(70).items():
        write(tmp_path / "good.stapes", {}, dict([tensor]))
        good = File.parse((tmp_path / "good.stapes").read_bytes())
        for index, section in enumerate(good.tensor(0)["sections"]):
            content = good.data[section["offset"] : section["offset"] + section["bytes"]]
            for place in {0, 1, len(content) - 1, random.randrange(len(content))}:
                damaged = bytearray(content)
                damaged[place] = damaged[place] ^ 1 << random.randrange(8) if place else 0x80
                contents.append(spoilt(good, lambda file, a=index, b=damaged: file.spoil(0, a, b)))
    verdicts = check_alike(tmp_path, contents)
    for text in (
        "a mask holds a weight of level 0 or outside the matrix",
        "section 'offsets' does not fit the masks",
        "section 'order' is no permutation of 37 rows",
        "frequencies that sum up to",
        "words that do not end where",
        "the code book is [",
        "level [",
        "scale ",
    ):
        assert any(text in verdict for verdict in verdicts), text


def test_the_bundled_model(tmp_path: Path) -> None:
    assert check_alike(tmp_path, [bundled_model().read_bytes()]) == ["ok"]


@pytest.mark.parametrize("columns", [0, 1, 63, 64, 65, 200])
def test_values(columns: int, tmp_path: Path) -> None:
    path = tmp_path / "a.stapes"
    write(path, {}, integer_tensors(columns) if columns else other_tensors())
    lines = native(path, values=True)
    model = read(path)
    found = {words[0]: [float.fromhex(word) for word in words[1:]] for words in map(str.split, lines[1:])}
    assert list(found) == list(model.tensors)
    for tensor, values in model.tensors.items():
        np.testing.assert_array_equal(np.array(found[tensor], np.float32), values.reshape(-1))
