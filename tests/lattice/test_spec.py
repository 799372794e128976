"""``spec/lattice.md`` says what the code does."""

import json
import re
import struct
import zlib
from pathlib import Path
from typing import Any

from stapes.lattice import from_bytes, from_json, graph, json_form, to_bytes, wire

SPEC = Path(__file__).parents[2] / "spec"
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def golden() -> Any:
    return json.loads((SPEC / "golden/lattice-v1.json").read_text(encoding="utf-8"))


def number(text: str) -> int:
    power = re.fullmatch("2([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    return 2 ** int(power[1].translate(DIGITS)) if power else int(text)


def test_limits_of_the_page_are_those_of_the_code() -> None:
    section = (SPEC / "lattice.md").read_text(encoding="utf-8").split("## 4. Limits")[1].split("\n## ")[0]
    stated = [number(row) for row in re.findall(r"^\|.*\| ([0-9⁰¹²³⁴⁵⁶⁷⁸⁹]+) \|$", section, re.MULTILINE)]
    assert stated == [
        wire.MAX_WIRE_BYTES,
        json_form.MAX_JSON_CHARACTERS,
        graph.MAX_NODES,
        graph.MAX_ARCS,
        graph.MAX_FRAME + 1,
        graph.MAX_FRAME_MS,
        graph.MAX_WORD_BYTES,
        graph.MAX_SCORE,
        wire.MAX_VARINT_BYTES,
    ]


def test_golden_lattice_is_written_and_read_as_frozen() -> None:
    frozen = golden()
    lattice = from_json(json.dumps(frozen["lattice"]))
    assert to_bytes(lattice).hex() == "".join(frozen["message"])
    assert from_bytes(to_bytes(lattice)) == from_json(json.dumps(frozen["read"]))


class PageReader:
    """A reader made from the page alone."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 5

    def take(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value += (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def read(self) -> dict[str, Any]:
        assert self.data[:5] == bytes.fromhex("89534C5401")
        assert zlib.crc32(self.data[:-4]) == struct.unpack("<I", self.data[-4:])[0]
        frame_ms, word_count, node_count = self.varint(), self.varint(), self.varint()
        acoustic_low, acoustic_step, context_low, context_step = struct.unpack("<4f", self.take(16))
        words = ["", *(self.take(self.varint()).decode() for _ in range(word_count))]
        frames = [self.varint()]
        while len(frames) < node_count:
            frames.append(frames[-1] + self.varint())
        arcs = [self.arc(node, frames, words) for node in range(node_count - 1) for _ in range(self.varint())]
        for name, low, step in (
            ("acoustic", acoustic_low, acoustic_step),
            ("context", context_low, context_step),
        ):
            codes = self.take(len(arcs)) if step else bytes(len(arcs))
            for arc, code in zip(arcs, codes, strict=True):
                arc[name] = low + code * step
        assert self.at == len(self.data) - 4
        header = {"format": "stapes-lattice", "version": 1, "frame_ms": frame_ms, "frames": frames}
        return {**header, "arcs": arcs}

    def arc(self, source: int, frames: list[int], words: list[str]) -> dict[str, Any]:
        head, word = self.varint(), words[self.varint()]
        target = source + 1 + head // 4
        start_frame = frames[source] + (self.varint() + 1 if head & 2 else 0)
        end_frame = frames[target] - (self.varint() + 1 if head & 1 else 0)
        return {
            "source": source,
            "target": target,
            "word": word,
            "start_frame": start_frame,
            "end_frame": end_frame,
        }


def test_a_reader_made_from_the_page_alone_reads_the_golden_message() -> None:
    frozen = golden()
    assert PageReader(bytes.fromhex("".join(frozen["message"]))).read() == frozen["read"]
