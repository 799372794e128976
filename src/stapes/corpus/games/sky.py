"""Beneath a Steel Sky, the CD version 0.0372: all of it in one data file, ``sky.dsk``, with the index ``sky.dnr``.

A spoken line has a text number: the upper four bits name a section of the text, the lower twelve the line in it.
The same number leads to the file of its sound and, through the scripts, to the character who says it.
"""

from functools import partial
from pathlib import Path

from stapes.corpus.games import rnc
from stapes.corpus.games.damage import cut
from stapes.corpus.games.line import Line, Sound, unsigned_sound
from stapes.corpus.games.sky_scripts import speakers
from stapes.corpus.games.sky_texts import Texts

_RATE_HZ = 11_025
_HEADER_BYTES = 22  # of a packed file or a sound: eleven 16-bit words
_ENTRY_BYTES = 8  # of the index

_FIRST_SPEECH_FILE = 50_000
_BRITISH_TEXT_FILE = 60_600  # the first of the sections
_AMERICAN_TEXT_FILE = 60_624
_SCRIPT_FILES = range(60_400, 60_407)
_SPEECH_OF_SECTION = (0, 600, 1100, 2430, 3380, 4530, 5080, 5230)  # its first sound

# The actors read the American text, but for a few lines.
_SPOKEN_AS_BRITISH = {9211, 9252, 12433, 12817, 12818, 12825, 12826, 12827, 12886, 12990, 13069, 20785}
_MUMBLER = "radman"  # talks through a mask, without words


def sky_lines(path: Path) -> list[Line]:
    """The lines that have both a sound and words, in the order of their numbers.

    Args:
        path: ``sky.dsk``; ``sky.dnr`` lies beside it.

    Raises:
        OSError, ValueError, LookupError, struct.error: a file cannot be read or is damaged.
    """
    disk = _Disk(path)
    speaker_of = speakers(map(disk.read, _SCRIPT_FILES))
    lines = []
    for section, first in enumerate(_SPEECH_OF_SECTION):
        british = Texts(disk.read(_BRITISH_TEXT_FILE + section))
        american = Texts(disk.read(_AMERICAN_TEXT_FILE + section))
        for place in range(american.count):
            number = section << 12 | place
            text = (british if number in _SPOKEN_AS_BRITISH else american)[place].strip()
            speaker = speaker_of.get(number)
            file = _FIRST_SPEECH_FILE + first + place
            if file in disk and speaker != _MUMBLER and any(sign.isalpha() for sign in text):
                lines.append(Line(f"{number:05d}", speaker, text, path, partial(_sound, disk, file)))
    return lines


class _Disk:
    """The files in sky.dsk, by number."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        index = path.with_name("sky.dnr").read_bytes()
        count = int.from_bytes(index[:4], "little")
        if len(index) != 4 + count * _ENTRY_BYTES:
            raise ValueError(f"an index of {len(index)} bytes has not {count} entries")
        self._entries = {
            int.from_bytes(index[at : at + 2], "little"): int.from_bytes(index[at + 2 : at + 8], "little")
            for at in range(4, len(index), _ENTRY_BYTES)
        }

    def __contains__(self, number: int) -> bool:
        return number in self._entries

    def read(self, number: int) -> bytes:
        """The content of a file, unpacked; a packed file loses its header if it is marked so."""
        entry = self._entries[number]
        offset = entry & 0x7FFFFF
        if entry >> 23 & 1:
            offset <<= 4
        content = cut(self._data, offset, entry >> 24 & 0x3FFFFF)
        bare, unpacked = entry >> 46 & 1, entry >> 47 & 1
        if unpacked or not content.startswith(rnc.MAGIC, _HEADER_BYTES):
            return content
        body = rnc.unpack(content[_HEADER_BYTES:])
        return body if bare else content[:_HEADER_BYTES] + body


def _sound(disk: _Disk, file: int) -> Sound:
    return unsigned_sound(disk.read(file)[_HEADER_BYTES:], _RATE_HZ)
