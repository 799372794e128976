"""Tiny games: writers for the data files that `stapes.corpus.games` reads, and what is said in them."""

import io
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from stapes.corpus.games.sky_texts import TREE

QUEEN = "flight-of-the-amazon-queen/queen.1c"
DRASCULA = "drascula/en/drascula.dat"
SKY = "beneath-a-steel-sky/sky.dsk"
PREFIXES = ("", "D", "B", "BJ", "E", "I", "L", "P", "T", "VB")
DRASCULA_WIDTHS = (4, 4, 4, 2, 4, 2, 4, 2, 2, 20, 20, 10, 8)


def tone(rate_hz: int, seconds: float = 1.0, level: float = 0.5) -> NDArray[np.float32]:
    """Quiet, ``seconds`` of a tone of 400 Hz, quiet again, each 0.3 s."""
    quiet = np.zeros(int(0.3 * rate_hz))
    sound = level * np.sin(2 * np.pi * 400 * np.arange(int(seconds * rate_hz)) / rate_hz)
    noise = 0.0004 * np.random.default_rng(0).standard_normal(2 * len(quiet) + len(sound))
    return (np.concatenate((quiet, sound, quiet)) + noise).astype(np.float32)


def as_bytes(samples: NDArray[np.float32]) -> bytes:
    """Unsigned bytes around 128."""
    return np.clip(np.round(samples * 128 + 128), 0, 255).astype(np.uint8).tobytes()


# ---- Flight of the Amazon Queen


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}h", *values)


def string(text: str, at: int, align: int) -> bytes:
    """A string that begins at ``at``, padded as the game does it."""
    raw = bytes([len(text)]) + text.encode("cp437")
    return raw + bytes(-(at + len(raw)) % align) if text else raw


def strings(texts: Sequence[str], at: int) -> bytes:
    out = b""
    for text in texts:
        out += string(text, at + len(out), 2)
    return out


def queen_tables(actors: Sequence[tuple[int, int, int]], people: Sequence[int]) -> bytes:
    """QUEEN.JAS: one room, an object for each of ``people`` (-3 is a person), and ``actors`` (room, place, name)."""
    objects = len(people)
    out = bytes(20) + words(1, 1, objects, 2)
    for image in people:
        out += words(0, 0, 0, 0, 0, 1, 0, image)
    out += words(0, objects) + words(0)  # the first object of rooms, sound effects
    out += words(1, *range(5)) + words(0)  # items, graphics
    out += words(0, 1, *range(8)) + words(*([0] * 4 * objects))
    for width in (3, 4, 10, 3, 3, 3, 4):
        out += words(1, *range(width))
    out += words(1) + words(1, 0, 0) + words(len(actors), 1, 0, 0)
    return out + b"".join(words(*actor, *([0] * 9)) for actor in actors)


def queen_texts(remarks: Sequence[str], descriptions: Sequence[str], names: Sequence[str]) -> bytes:
    """QUEEN2.JAS: two descriptions, a name, a room, 12 more, 40 remarks, an animation, names of actors."""
    lines = [*descriptions, *["-"] * 14, *remarks, *[""] * (40 - len(remarks)), "animation", *names]
    return "\r\n".join(lines).encode("cp437")


def dialogue(key: int, joe: Mapping[int, str], person: Mapping[int, str], again: tuple[str, str]) -> bytes:
    """A .DOG file with two levels; lines have numbers."""
    head = 32 + 2 * 96
    blocks = []
    at = head
    for spoken in (joe, person):
        out = b""
        for number, text in spoken.items():
            out += words(0, number)
            out += string(text, at + len(out), 4)
        blocks.append(out)
        at += len(out)
    start = words(-2, 0, key, len(joe), len(person)).ljust(22, b"\0")
    start += struct.pack(">3H", head + len(blocks[0]), 0, at)
    return bytes(20) + start.ljust(head, b"\0") + b"".join(blocks) + strings(again, at)


def scene(steps: Sequence[tuple[int, str]]) -> bytes:
    """A .CUT file: each step has an object (0 is Joe) and a text. Things (object 2) carry an animation."""
    body = b""
    for number, _ in steps:
        step = [0] * 17
        step[0], step[5] = number, int(number == 2)
        body += words(*step) + words(1, 7)  # one person to show
        if number == 2:
            body += words(5, *range(9)) + words(-2)
    end = 12 + len(body) + 2
    texts = end
    head = words(0, -len(steps), 0, end, texts, 0)
    return bytes(20) + head + body + bytes(2) + strings(["", *(text for _, text in steps)], texts)


def mp3(samples: NDArray[np.float32], rate_hz: int = 22_050) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format="MP3")
    return file.getvalue()


def queen_archive(files: Mapping[str, bytes]) -> bytes:
    at = 15 + 21 * len(files)
    entries = b""
    for name, content in files.items():
        entries += struct.pack(">12sBII", name.encode(), 0, at, len(content))
        at += len(content)
    return b"QTBLPEM10100" + b"\1" + struct.pack(">H", len(files)) + entries + b"".join(files.values())


def queen_files() -> dict[str, bytes]:
    """A game with remarks, a dialogue with Tam and a scene; object 1 is a person, object 2 a thing."""
    files = {
        "QUEEN.JAS": queen_tables([(1, 1, 1)], [-3, 5]),
        "QUEEN2.JAS": queen_texts(
            ["It doesn't open.", ""], ["A *14lamp, (sniff) it is.", "@@Hmm"], ["X3_RITA", "BOB"]
        ),
        "TAM2.DOG": dialogue(7, {0: "Hello", 26: "Good bye"}, {26: "Who are you?"}, ("You again", "Yes me")),
        "C1.CUT": scene([(0, "*XY12345678901Look out below"), (1, "I see it"), (2, "Ring ring ring")]),
    }
    voices = ["JOE00011", "JOE00411", "JOE00412", "07SSSSJ1", "07001AJ1", "07001AP1", "07XXXXP1", "07XXXXJ1"]
    for number, voice in enumerate([*voices, "C1___012", "C1___021", "C1___031"]):
        files[f"{voice}.SB"] = mp3(tone(22_050, 0.8 + 0.01 * number))
    return {name.upper(): content for name, content in files.items()}


def write_queen(folder: Path, files: Mapping[str, bytes] | None = None) -> Path:
    return write(folder / QUEEN, queen_archive(files or queen_files()))


# ---- Drascula


def drascula_data(texts: Mapping[str, Sequence[str]]) -> bytes:
    """drascula.dat in two languages, English and one without sense."""
    out = b"DRASCULA\6"
    for width in DRASCULA_WIDTHS:
        out += words(2) + bytes(2 * width)
    out += words(2)
    for prefix in PREFIXES:
        english = texts.get(prefix, ())
        out += words(len(english))
        for language in (english, [text[::-1] for text in english]):
            raw = [text.encode("cp850") + b"\0\0" for text in language]
            block = bytes(2) + b"".join(struct.pack(">H", 2 + len(text)) + text for text in raw)
            out += struct.pack(">H", len(block)) + block
    return out


def write_drascula(folder: Path, texts: Mapping[str, Sequence[str]], voices: Mapping[str, bytes]) -> Path:
    path = write(folder / DRASCULA, drascula_data(texts))
    for name, content in voices.items():
        path.with_name(f"{name}.ALS").write_bytes(content)
    return path


# ---- Beneath a Steel Sky


class _Words:
    """Bits into little-endian words, with bytes between them: a word's place is kept when its first bit comes."""

    def __init__(self) -> None:
        self.out = bytearray()
        self._at, self._count = 0, 16

    def bits(self, value: int, count: int) -> None:
        for place in range(count):
            if self._count == 16:
                self._at, self._count = len(self.out), 0
                self.out += bytes(2)
            self.out[self._at + self._count // 8] |= (value >> place & 1) << self._count % 8
            self._count += 1


def number_parts(number: int) -> tuple[int, int, int]:
    """The symbol of a number, the bits that follow it, and how many they are."""
    size = number.bit_length()
    return size, number - (1 << size - 1) if size > 1 else 0, max(0, size - 1)


# How long the codes for the numbers of up to 11 bits are, all three alike.
CODE_LENGTHS = (2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5)


def canonical(lengths: Sequence[int]) -> dict[int, tuple[int, int]]:
    """For each symbol its code, the bit that comes first lowest, and its length."""
    codes, code, previous = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths)):
        code <<= length - previous
        codes[symbol] = (int(f"{code:0{length}b}"[::-1], 2), length)
        code, previous = code + 1, length
    return codes


def rnc(blocks: Sequence[Sequence[tuple[bytes, int, int]]], size: int) -> bytes:
    """A packed file: each block has runs of plain bytes, each with a distance and a length to copy after it."""
    codes = canonical(CODE_LENGTHS)
    stream = _Words()

    def put(number: int) -> None:
        symbol, rest, count = number_parts(number)
        stream.bits(*codes[symbol])
        stream.bits(rest, count)

    stream.bits(0, 2)
    for block in blocks:
        for _ in range(3):
            stream.bits(len(CODE_LENGTHS), 5)
            for length in CODE_LENGTHS:
                stream.bits(length, 4)
        stream.bits(len(block), 16)
        for place, (plain, distance, length) in enumerate(block):
            put(len(plain))
            stream.out += plain
            if place < len(block) - 1:
                put(distance - 1)
                put(length - 2)
    head = struct.pack(">4sIIHHBB", b"RNC\1", size, len(stream.out), 0, 0, 0, len(blocks))
    return head + bytes(stream.out)


def rnc_plain(content: bytes) -> bytes:
    """``content`` packed in blocks of one run, without a copy."""
    pieces = [content[at : at + 2047] for at in range(0, len(content), 2047)]
    return rnc([[(piece, 0, 0)] for piece in pieces], len(content))


def _codes(tree: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, tuple):
        for bit, branch in zip("01", tree, strict=True):
            yield from _codes(branch, path + bit)
    else:
        yield str(tree), path


CODES = dict(_codes(TREE))


def sky_section(texts: Sequence[str]) -> bytes:
    """A section of text. Lengths count in two bits; from 128 on in 16, and the line is filled up to that."""
    steps, code = [], ""
    for text in texts:
        bits = "".join(CODES[sign] for sign in text + "\0")
        bits += "0" * (-len(bits) % (2 if len(bits) <= 254 else 16))
        length = len(bits) // 2
        steps.append(length if length < 128 else 0x80 | length >> 3)
        code += bits
    lengths = [(step & 0x7F) << 3 if step & 0x80 else step for step in steps]
    blocks = [sum(lengths[at : at + 32]) for at in range(0, len(texts) // 32 * 32, 32)]
    steps_at = 4 + 2 * len(blocks)
    code += "0" * (-len(code) % 8)
    packed = bytes(int(code[at : at + 8], 2) for at in range(0, len(code), 8))
    head = struct.pack(f"<2H{len(blocks)}H", steps_at, steps_at + len(steps), *blocks)
    return head + bytes(steps) + packed


def sky_call(function: int, *arguments: int) -> list[int]:
    """A call in a script; an argument ~n is the value of variable n."""
    code = []
    for argument in arguments:
        code += [0, 4 * ~argument] if argument < 0 else [2, argument]
    return [*code, 11, len(arguments), 4 * function]


def sky_module(scripts: Iterable[Sequence[int]]) -> bytes:
    """A module of scripts, from number 1 on; each ends with an instruction without operands."""
    scripts = [[*script, 13] for script in scripts]
    at = 1 + len(scripts)
    starts = []
    for script in scripts:
        starts.append(at)
        at += len(script)
    code = [len(scripts), *starts, *(word for script in scripts for word in script)]
    return struct.pack(f"<{len(code)}H", *code)


def sky_files(
    american: Sequence[str],
    scripts: Iterable[Sequence[int]],
    sounds: Mapping[int, bytes],
    british: Sequence[str] = (),
) -> dict[int, tuple[bytes, int]]:
    """Files by number, each with its marks (1 bare, 2 unpacked): texts of section 0, ``sounds`` by line, scripts."""
    files = {60_400: (sky_module(scripts), 2)}
    files.update({number: (sky_module([[]]), 2) for number in range(60_401, 60_407)})
    for first, texts in ((60_600, british), (60_624, american)):
        files[first] = (bytes(22) + rnc_plain(sky_section(texts)), 1)
        files.update({first + section: (sky_section([]), 2) for section in range(1, 8)})
    for line, sound in sounds.items():
        packed = line % 2 == 1
        files[50_000 + line] = (bytes(22) + (rnc_plain(sound) if packed else sound), 0 if packed else 2)
    return files


def write_sky(folder: Path, files: Mapping[int, tuple[bytes, int]]) -> Path:
    data, index = b"", struct.pack("<I", len(files))
    for place, (number, (content, marks)) in enumerate(files.items()):
        data += bytes(-len(data) % 16)
        scaled = place % 2  # offsets are given in bytes or in 16 bytes
        offset = len(data) >> 4 | 1 << 23 if scaled else len(data)
        index += struct.pack(
            "<HIH", number, offset | (len(content) & 0xFF) << 24, len(content) >> 8 | marks << 14
        )
        data += content
    path = write(folder / SKY, data)
    path.with_name("sky.dnr").write_bytes(index)
    return path


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
