"""Lattice ↔ bytes, a few for each arc; ``spec/lattice.md``, section 3, describes every one of them.

All that is read is checked here and in ``Lattice``, once. Every number of things is compared with the bytes that are
left before anything is allocated, so memory is bounded by the length of the message.
"""

import math
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stapes.errors import ConfigError, FormatError
from stapes.lattice.graph import MAX_ARCS, MAX_NODES, MAX_SCORE, MAX_WORD_BYTES, Arc, Lattice

MAGIC = b"\x89SLT"
VERSION = 1
MAX_WIRE_BYTES = 2**20
MAX_VARINT_BYTES = 4
LEVELS = 255
"""The highest code of a score."""

_CRC_BYTES = 4
# What 255 steps of the smallest float32 span: scores closer together than that become equal.
_SMALLEST = LEVELS * 2.0**-149
_GRIDS = struct.Struct("<4f")


def to_bytes(lattice: Lattice) -> bytes:
    """The wire form of ``lattice``; the same lattice always gives the same bytes.

    Exact but for the scores, which are quantised to 8 bits: each comes back within ``score_errors`` of itself.

    Raises:
        ConfigError: more than 2^20 bytes would be needed; prune first.
    """
    words = sorted({arc.word for arc in lattice.arcs if arc.word}, key=str.encode)
    grids = [_grid([arc.acoustic for arc in lattice.arcs]), _grid([arc.context for arc in lattice.arcs])]
    out = bytearray(MAGIC)
    out.append(VERSION)
    out += b"".join(_varint(n) for n in (lattice.frame_ms, len(words), len(lattice.frames)))
    out += _GRIDS.pack(*grids[0], *grids[1])
    for word in words:
        encoded = word.encode()
        out += _varint(len(encoded)) + encoded
    before = 0
    for frame in lattice.frames:
        out += _varint(frame - before)
        before = frame
    numbers = {word: number for number, word in enumerate(["", *words])}
    for leaving in lattice.leaving[:-1]:
        out += _varint(len(leaving))
        for arc in lattice.arcs[leaving.start : leaving.stop]:
            out += _pack_arc(arc, lattice.frames, numbers)
    out += _codes([arc.acoustic for arc in lattice.arcs], *grids[0])
    out += _codes([arc.context for arc in lattice.arcs], *grids[1])
    out += zlib.crc32(out).to_bytes(_CRC_BYTES, "little")
    if len(out) > MAX_WIRE_BYTES:
        raise ConfigError(
            f"lattice: {len(out)} bytes on the wire, accepted are at most {MAX_WIRE_BYTES}; prune first"
        )
    return bytes(out)


def score_errors(lattice: Lattice) -> tuple[float, float]:
    """By how much, in nats, an acoustic and a context score of ``lattice`` may differ after ``to_bytes``.

    Half a step each, where a step is 1/255 of the span of the scores in the lattice, and what the rounding of the
    lowest score and of the step to 32 bits adds, which for scores next to nothing is the smallest such number.
    """
    bounds = []
    for scores in ([arc.acoustic for arc in lattice.arcs], [arc.context for arc in lattice.arcs]):
        low, step = _grid(scores)
        bounds.append(step / 2 * (1 + 2.0**-20) + abs(low) * 2.0**-23 + _SMALLEST)
    return bounds[0], bounds[1]


def from_bytes(data: bytes) -> Lattice:
    """The lattice of its wire form.

    Raises:
        FormatError: ``data`` is no lattice, damaged, hostile or of another version.
    """
    if len(data) > MAX_WIRE_BYTES:
        raise FormatError(f"lattice: {len(data)} bytes, accepted are at most {MAX_WIRE_BYTES}")
    if data[: len(MAGIC)] != MAGIC:
        raise FormatError(f"lattice: begins with {data[:4].hex()!r}, accepted is {MAGIC.hex()!r}")
    if len(data) < len(MAGIC) + 1 + _CRC_BYTES:
        raise FormatError(f"lattice: {len(data)} bytes, a message has more")
    if data[len(MAGIC)] != VERSION:
        raise FormatError(f"lattice: version {data[len(MAGIC)]}, accepted is {VERSION}")
    body, crc32 = data[:-_CRC_BYTES], int.from_bytes(data[-_CRC_BYTES:], "little")
    if zlib.crc32(body) != crc32:
        raise FormatError(
            f"lattice: CRC-32 is {zlib.crc32(body):08x}, the message says {crc32:08x}: it is damaged"
        )
    try:
        return _Reader(body).lattice()
    except ConfigError as error:
        raise FormatError(str(error)) from None


class _Reader:
    """Takes a message apart, from the front."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = len(MAGIC) + 1

    def lattice(self) -> Lattice:
        frame_ms = self._varint("frame_ms")
        word_count = self._count("words", MAX_ARCS, least_bytes=2)
        node_count = self._count("nodes", MAX_NODES, least_bytes=1)
        acoustic_low, acoustic_step, context_low, context_step = _GRIDS.unpack(
            self._take(_GRIDS.size, "scales")
        )
        _check_grid("acoustic", acoustic_low, acoustic_step)
        _check_grid("context", context_low, context_step)
        words = self._words(word_count)
        frames = self._frames(node_count)
        heads = self._heads(frames, words)
        acoustic = self._scores(len(heads), acoustic_low, acoustic_step, "acoustic codes")
        context = self._scores(len(heads), context_low, context_step, "context codes")
        if self._left:
            raise FormatError(f"lattice: {self._left} bytes follow the last score")
        arcs = [Arc(*head, *scores) for head, *scores in zip(heads, acoustic, context, strict=True)]
        return Lattice(frames, tuple(arcs), frame_ms)

    @property
    def _left(self) -> int:
        return len(self._body) - self._at

    def _words(self, count: int) -> list[str]:
        """The word table, with the empty word in front."""
        words = [b""]
        for number in range(1, count + 1):
            length = self._varint(f"length of word {number}")
            if not 1 <= length <= MAX_WORD_BYTES:
                raise FormatError(
                    f"lattice: word {number} has {length} bytes, accepted are 1 to {MAX_WORD_BYTES}"
                )
            words.append(self._take(length, f"word {number}"))
            if words[-1] <= words[-2]:
                raise FormatError(
                    f"lattice: word {number} is not after the word before it, in order of bytes"
                )
        try:
            return [word.decode() for word in words]
        except UnicodeDecodeError as error:
            raise FormatError(f"lattice: word table is not UTF-8: {error}") from None

    def _frames(self, count: int) -> tuple[int, ...]:
        frames, frame = [], 0
        for node in range(count):
            frame += self._varint(f"frame of node {node}")
            frames.append(frame)
        return tuple(frames)

    def _heads(self, frames: Sequence[int], words: Sequence[str]) -> list[tuple[int, int, str, int, int]]:
        """All of each arc but its scores."""
        heads: list[tuple[int, int, str, int, int]] = []
        for source in range(len(frames) - 1):
            count = self._count(f"arcs of node {source}", MAX_ARCS - len(heads), least_bytes=2)
            heads.extend(self._head(source, frames, words) for _ in range(count))
        return heads

    def _head(
        self, source: int, frames: Sequence[int], words: Sequence[str]
    ) -> tuple[int, int, str, int, int]:
        where = f"arc of node {source}"
        late_end, late_start, hop = _split(self._varint(where))
        target, number = source + 1 + hop, self._varint(where)
        if target >= len(frames):
            raise FormatError(f"lattice: {where} leads to node {target} of {len(frames)}")
        if number >= len(words):
            raise FormatError(f"lattice: {where} names word {number} of {len(words) - 1}")
        start = frames[source] + (self._varint(where) + 1 if late_start else 0)
        end = frames[target] - (self._varint(where) + 1 if late_end else 0)
        return source, target, words[number], start, end

    def _scores(self, count: int, low: float, step: float, what: str) -> list[float]:
        codes = np.frombuffer(self._take(count, what), np.uint8) if step else np.zeros(count, np.uint8)
        scores: NDArray[np.float64] = np.clip(low + codes.astype(np.float64) * step, -MAX_SCORE, MAX_SCORE)
        return [float(score) for score in scores]

    def _count(self, what: str, limit: int, least_bytes: int) -> int:
        """A number of things that take at least ``least_bytes`` each of what is left."""
        count = self._varint(f"number of {what}")
        if count > min(limit, self._left // least_bytes):
            raise FormatError(f"lattice: {count} {what} in {self._left} bytes, accepted are at most {limit}")
        return count

    def _varint(self, what: str) -> int:
        value = 0
        for position in range(MAX_VARINT_BYTES):
            byte = self._take(1, what)[0]
            value |= (byte & 0x7F) << 7 * position
            if byte < 0x80:
                if byte == 0 and position:
                    raise FormatError(f"lattice: {what} is written with more bytes than it needs")
                return value
        raise FormatError(f"lattice: {what} has more than {MAX_VARINT_BYTES} bytes")

    def _take(self, count: int, what: str) -> bytes:
        if count > self._left:
            raise FormatError(f"lattice: ends within {what}: {count} bytes are needed, {self._left} are left")
        self._at += count
        return self._body[self._at - count : self._at]


def _check_grid(name: str, low: float, step: float) -> None:
    if not (abs(low) <= MAX_SCORE and 0 <= step <= MAX_SCORE):
        raise FormatError(f"lattice: {name} scale begins at {low} with steps of {step}, out of range")


def _split(head: int) -> tuple[int, int, int]:
    return head & 1, head >> 1 & 1, head >> 2


def _pack_arc(arc: Arc, frames: Sequence[int], numbers: dict[str, int]) -> bytes:
    """Target, word and, where they differ from the frames of the nodes, times."""
    late, early = arc.start_frame - frames[arc.source], frames[arc.target] - arc.end_frame
    head = (arc.target - arc.source - 1) << 2 | bool(late) << 1 | bool(early)
    times = [gap - 1 for gap in (late, early) if gap]
    return b"".join(_varint(n) for n in (head, numbers[arc.word], *times))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _grid(scores: Sequence[float]) -> tuple[float, float]:
    """The lowest value and the step of the codes; step 0 where all scores are equal."""
    if not scores:
        return 0.0, 0.0
    lowest, highest = min(scores), max(scores)
    low = np.float32(lowest)
    if lowest == highest:
        return float(low), 0.0
    if float(low) > lowest:
        low = np.nextafter(low, np.float32(-math.inf))
    step = np.float32((highest - float(low)) / LEVELS)
    if float(low) + float(step) * LEVELS < highest:
        step = np.nextafter(step, np.float32(math.inf))
    return float(low), float(step)


def _codes(scores: Sequence[float], low: float, step: float) -> bytes:
    if step == 0.0:
        return b""
    codes = np.floor((np.array(scores) - low) / step + 0.5)
    return np.clip(codes, 0, LEVELS).astype(np.uint8).tobytes()
