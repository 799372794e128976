"""Drascula: The Vampire Strikes Back: texts in ``drascula.dat``, and a file of sound for each spoken one.

``drascula.dat`` has tables for the engine and then, for every character, the texts in all languages; a voice file
is named by the character's prefix and the number of the text. Recordings are unsigned bytes at 11 025 Hz.
"""

import re
from functools import partial
from pathlib import Path

from stapes.corpus.games.big_endian import Reader
from stapes.corpus.games.damage import cut
from stapes.corpus.games.line import Line, Sound, unsigned_sound

_MAGIC = b"DRASCULA"
_RATE_HZ = 11_025
# Bytes per entry of each table before the texts.
_TABLES = (4, 4, 4, 2, 4, 2, 4, 2, 2, 20, 20, 10, 8)
_SPEAKERS = {  # in the order of the texts, by the prefix of the voice files
    "": "hero",
    "D": "drascula",
    "B": "drunk",
    "BJ": "bj",
    "E": "desiderio",
    "I": "igor",
    "L": "werewolf",
    "P": "pianist",
    "T": "bartender",
    "VB": "vonbraun",
}
_OTHERS_AS_DRASCULA = (  # voice files named as Drascula's, of others; of the last nobody knows
    (range(56, 68), "hero"),
    (range(68, 82), "blindman"),
    (range(82, 83), "bartender"),
    (range(83, 84), None),
)


def drascula_lines(path: Path) -> list[Line]:
    """The English lines that have a voice file.

    Args:
        path: ``drascula.dat``; the voice files ``*.ALS`` lie beside it.

    Raises:
        OSError, ValueError, LookupError, struct.error: the file cannot be read or is damaged.
    """
    data = path.read_bytes()
    if not data.startswith(_MAGIC):
        raise ValueError(f"{_MAGIC!r} is expected at the beginning")
    lines = []
    for (prefix, usual), texts in zip(_SPEAKERS.items(), _texts(data), strict=True):
        for number, text in enumerate(texts):
            voice = path.with_name(f"{prefix}{number}.ALS")
            if re.search(r"\w", text) and voice.exists():
                sound = partial(_sound, voice)
                lines.append(Line(voice.stem, _speaker(prefix, number, usual), text, voice, sound))
    return lines


def _sound(voice: Path) -> Sound:
    return unsigned_sound(voice.read_bytes(), _RATE_HZ)


def _speaker(prefix: str, number: int, usual: str) -> str | None:
    others = _OTHERS_AS_DRASCULA if prefix == "D" else ()
    return next((other for numbers, other in others if number in numbers), usual)


def _texts(data: bytes) -> list[list[str]]:
    """The English texts of every character."""
    reader = Reader(data, len(_MAGIC) + 1)  # a version follows the name
    for width in _TABLES:
        size = reader.word() * width
        reader.at += size
    languages = reader.word()
    return [_texts_of_one(reader, languages) for _ in _SPEAKERS]


def _texts_of_one(reader: Reader, languages: int) -> list[str]:
    """The texts of one character in the first language, which is English; step over the others."""
    count = reader.word()
    texts = Reader(reader.data, reader.at + 4)
    for _ in range(languages):
        size = reader.word() & 0xFFFF
        reader.at += size
    return [_text(texts) for _ in range(count)]


def _text(reader: Reader) -> str:
    start = reader.at
    length = reader.word() & 0xFFFF  # itself included
    reader.at = start + length
    raw = cut(reader.data, start + 2, length - 2).split(b"\0")[0]
    return " ".join(raw.decode("cp850").split())
