"""``spec/format.md`` says what the code does."""

import json
import re
import struct
import zlib
from pathlib import Path

import numpy as np

from stapes.format import layout

SPEC = Path(__file__).parents[2] / "spec"
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def number(text: str) -> int:
    power = re.fullmatch("2([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    return 2 ** int(power[1].translate(DIGITS)) if power else int(text)


def test_limits_of_the_page_are_those_of_the_code() -> None:
    section = (SPEC / "format.md").read_text(encoding="utf-8").split("## 7. Limits")[1].split("\n## ")[0]
    stated = [number(row) for row in re.findall(r"^\|.*\| ([0-9⁰¹²³⁴⁵⁶⁷⁸⁹]+) \|$", section, re.MULTILINE)]
    assert stated == [
        layout.MAX_FILE_BYTES,
        layout.MAX_HEADER_BYTES,
        layout.MAX_HEADER_VALUES,
        layout.MAX_HEADER_DEPTH,
        layout.MAX_TENSORS,
        layout.MAX_SECTIONS,
        layout.MAX_AXES,
        layout.MAX_WEIGHTS,
        layout.MAX_NAME_CHARACTERS,
    ]


def test_a_reader_made_from_the_page_alone_reads_the_golden_model() -> None:
    golden = json.loads((SPEC / "golden/format-v1.json").read_text(encoding="utf-8"))
    data = bytes.fromhex("".join(golden["file"]))
    magic, version, header_bytes, file_bytes, header_crc32, prologue_crc32 = struct.unpack(
        "<8sIIQII", data[:32]
    )
    header = data[64 : 64 + header_bytes]
    assert (magic, version, file_bytes) == (bytes.fromhex("895354415045530A"), 1, len(data))
    assert (header_crc32, prologue_crc32) == (zlib.crc32(header), zlib.crc32(data[:28]))
    data_start = (64 + header_bytes + 63) // 64 * 64
    for tensor in json.loads(header)["tensors"]:
        sections = {}
        for section in tensor["sections"]:
            begin = data_start + section["offset"]
            sections[section["name"]] = data[begin : begin + section["bytes"]]
        expected = np.array(golden["tensors"][tensor["name"]]["decoded"])
        if tensor["codec"] == {"name": "uniform", "bits": 8}:
            codes = np.frombuffer(sections["codes"], np.int8).reshape(tensor["shape"])
            weights = codes * np.frombuffer(sections["scales"], "<f4")[:, None]
        else:
            kind = {"float32": "<f4", "float16": "<f2"}[tensor["codec"]["name"]]
            weights = np.frombuffer(sections["values"], kind).reshape(tensor["shape"])
        np.testing.assert_array_equal(weights, expected)
