"""The data file of Flight of the Amazon Queen, and what its tables tell about objects, actors and texts."""

import re
import struct
from pathlib import Path

from stapes.corpus.games.big_endian import Reader
from stapes.corpus.games.damage import cut

AMOS_HEADER_BYTES = 20  # every file of the Amos tool chain starts with the header of a bank

_HEADER = struct.Struct(">4s8sBH")  # QTBL, version, kind of compression, number of files
_ENTRY = struct.Struct(">12sBII")  # of the table of files: name, kind, place, size
_MP3 = 1
_NAME = re.compile(r"[A-Z0-9_]+(\.[A-Z0-9]+)?")
_RESPONSES = 40  # what Joe says about commands that lead to nothing

# An actor has a name for each appearance; the prisoners MAN1 and MAN2 are two.
_COSTUME = re.compile(r"^X\d+_|-[A-Z]$|_[A-Z]+$|(?<!MAN)\d$")
_SAME_ACTOR = {
    "AND": "ANDERSON",
    "ANDSON": "ANDERSON",
    "AZURA": "PRINCESS",
    "JIM": "JIMMY",
    "JOHN": "JOHAN",
    "PRIN": "PRINCESS",
    "SEC": "SECRETARY",
    "TALLPYG": "PYGMY",
    "TAM": "TAMMY",
    "WEDGE": "WEDGEWOOD",
}


def actor_name(name: str) -> str:
    """One name for all the appearances of a character."""
    plain = _COSTUME.sub("", name)
    return _SAME_ACTOR.get(plain, plain)


class World:
    """The files of the compressed talkie, and the tables of its world.

    Args:
        path: ``queen.1c``.

    Attributes:
        files: where each file begins, and its size in bytes, by its name.
        remarks: what Joe says outside dialogues, from number 1 on; some are empty.

    Raises:
        OSError, ValueError, LookupError, struct.error: the file cannot be read or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        magic, _, compression, count = _HEADER.unpack_from(self._data)
        if magic != b"QTBL" or compression != _MP3:
            raise ValueError(f"{magic!r}, compression {compression}; b'QTBL' with {_MP3}, MP3, is accepted")
        entries = _ENTRY.iter_unpack(cut(self._data, _HEADER.size, count * _ENTRY.size))
        self.files = {name.rstrip(b"\0").decode(): (start, size) for name, _, start, size in entries}
        strange = next((name for name in self.files if not _NAME.fullmatch(name)), None)
        if strange is not None:
            raise ValueError(f"a file is named {strange!r}")
        self._read_tables(Reader(self.file("QUEEN.JAS"), AMOS_HEADER_BYTES))

    def file(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            KeyError, ValueError: there is none of that name, or it is not all there.
        """
        return cut(self._data, *self.files[name])

    def named(self, suffix: str) -> list[str]:
        """The names of the files with that suffix."""
        return [name for name in self.files if name.endswith(suffix)]

    def is_person(self, number: int) -> bool:
        """Whether that object is a character, as the game starts."""
        return self._objects[number][7] in (-3, -4)

    def character(self, number: int) -> str | None:
        """The name of the character that an object is; None where that is not the same all the time."""
        if not self.is_person(number):
            return None
        room = self._objects[number][5]
        place = sum(map(self.is_person, range(self._first[room] + 1, number + 1)))
        actors = [actor for actor in self._actors if actor[:2] == (room, place)]
        names = {actor_name(self._actor_names[actor[2] - 1]) for actor in actors}
        return names.pop() if len(names) == 1 else None

    def _read_tables(self, reader: Reader) -> None:
        rooms, names, objects, descriptions = reader.words(4)
        self._objects = [(0,) * 8, *reader.rows(objects, 8)]
        self._first = [0, *reader.words(rooms + 1)]
        reader.words(rooms)  # sound effects
        reader.table(5)  # items
        reader.table(5)  # graphics
        for _ in range(rooms):
            _, areas = reader.words(2)
            reader.rows(areas, 8)
        reader.rows(objects, 4)  # boxes around objects
        for width in (3, 4, 10, 3, 3, 3, 4):  # ways out, descriptions, and five tables of commands
            reader.table(width)
        reader.word()  # the object where the game starts
        reader.table(2)  # furniture
        actors, animations, *_ = reader.words(4)
        self._actors = reader.rows(actors, 12)
        texts = self.file("QUEEN2.JAS").decode("cp437").split("\r\n")
        responses = descriptions + names + rooms + 12
        self.remarks = texts[responses : responses + _RESPONSES] + texts[:descriptions]
        self._actor_names = texts[responses + _RESPONSES + animations :]
