"""Flight of the Amazon Queen: remarks, dialogues and scenes, and the voice file of each of their parts.

A text has control codes between its parts; the voice file of a part is named by the text and the number of the
part.
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import soundfile

from stapes.audio import to_mono
from stapes.corpus.games.big_endian import Reader
from stapes.corpus.games.line import Line, Sound
from stapes.corpus.games.queen_world import AMOS_HEADER_BYTES, World, actor_name

_JOE = "JOE"
_COMMAND = re.compile(r"\*(?:XY.{11}|.{0,2})")  # within a text: a gesture, a pause, or a walk to a place
_NO_SPEECH = re.compile(r"@+|\^_|<\w+>|\(\w+\)")  # bubbles of thought, a trademark, and noises
_NODES = 32  # where the tree of a dialogue starts; the lines of Joe follow it
_LEVEL_BYTES = 96


@dataclass(frozen=True)
class _Sentence:
    """A text of the game with its control codes; its voice files are ``voice`` and the number of the part."""

    voice: str
    speaker: str | None
    text: str

    def parts(self) -> Iterator[tuple[str, str]]:
        """The voice file and the text of every part between control codes that has words."""
        for number, part in enumerate(_COMMAND.split(self.text), 1):
            words = " ".join(_NO_SPEECH.sub("", part).split())
            if re.search(r"[A-Za-z0-9]", words):
                yield f"{self.voice}{number:x}.SB".replace(" ", "0").upper(), words


def queen_lines(path: Path) -> list[Line]:
    """The lines that have a voice file, and but one text.

    Args:
        path: ``queen.1c`` of the compressed English talkie.

    Raises:
        OSError, ValueError, LookupError, struct.error: the file cannot be read or is damaged.
    """
    world = World(path)
    meant: dict[str, list[tuple[str | None, str]]] = {}
    for sentence in _sentences(world):
        for voice, text in sentence.parts():
            meant.setdefault(voice, []).append((sentence.speaker, text))
    lines = []
    for voice, meanings in meant.items():
        if voice in world.files and len({text for _, text in meanings}) == 1:
            speaker = min((name for name, _ in meanings if name is not None), default=None)
            sound = partial(_sound, world, voice)
            lines.append(Line(voice.removesuffix(".SB"), speaker, meanings[0][1], path, sound))
    return lines


def _sound(world: World, voice: str) -> Sound:
    with soundfile.SoundFile(io.BytesIO(world.file(voice))) as file:
        if file.format != "MP3":
            raise ValueError(f"{voice}: {file.format}; MP3 is expected")
        return to_mono(file.read(dtype="float32", always_2d=True)), file.samplerate


def _sentences(world: World) -> Iterator[_Sentence]:
    for number, text in enumerate(world.remarks, 1):
        yield _Sentence(f"JOE{number:04}", _JOE, text)
    for name in world.named(".DOG"):
        yield from _dialogue(world.file(name)[AMOS_HEADER_BYTES:], actor_name(name.removesuffix(".DOG")))
    for name in world.named(".CUT"):
        yield from _scene(world, name)


def _dialogue(data: bytes, person: str) -> Iterator[_Sentence]:
    """What Joe may say to a person, and what that person answers."""
    levels, _, key, joe_count, person_count = Reader(data).words(5)
    person_start, _, again_start = struct.unpack_from(">3H", data, 22)
    joe_start = _NODES + _LEVEL_BYTES * abs(levels)
    for speaker, letter, start, count in (
        (_JOE, "J", joe_start, joe_count),
        (person, "P", person_start, person_count),
    ):
        reader = Reader(data, start)
        for _ in range(count):
            _, number = reader.words(2)
            label = f"{number:4x}" if number or letter == "P" else "SSSS"
            yield _Sentence(f"{key:2}{label}{letter}", speaker, reader.string(align=4))
    reader = Reader(data, again_start)  # the greetings when they meet again
    yield _Sentence(f"{key:2}XXXXP", person, reader.string())
    yield _Sentence(f"{key:2}XXXXJ", _JOE, reader.string())


def _scene(world: World, name: str) -> Iterator[_Sentence]:
    """The texts of a scene, each of which belongs to one of its steps."""
    data = world.file(name)[AMOS_HEADER_BYTES:]
    _, count, _, _, start, _ = Reader(data).words(6)
    reader = Reader(data, start)
    reader.string()  # which way Joe faces
    for number, speaker in enumerate(_scene_speakers(world, data, abs(count)), 1):
        yield _Sentence(f"{name.removesuffix('.CUT'):_<5}{number:02}", speaker, reader.string())


def _scene_speakers(world: World, data: bytes, count: int) -> list[str | None]:
    """Who acts in each step of a scene; None throughout where the steps do not end where they should."""
    reader = Reader(data, 12)
    speakers: list[str | None] = []
    end = Reader(data, 6).word()
    for _ in range(count):
        if reader.at >= end:
            break
        step = reader.words(17)
        number, listed, run, copied = step[0], step[4], step[5], step[12]
        reader.words(reader.word())  # the people to show
        person = not listed and (number in (0, -1) or (number > 0 and world.is_person(number)))
        if not person and number >= -1 and copied <= 0 and run:
            while reader.word() != -2:
                reader.words(9)
        speakers.append(_JOE if number in (0, -1) else world.character(number) if number > 0 else None)
    ends_well = len(speakers) == count and end - reader.at in (2, 4)  # a mark or two of the end follow
    return speakers if ends_well else [None] * count
