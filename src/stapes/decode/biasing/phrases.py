"""The user's own words: phrases with weights, classes of names, and how names are said and written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from stapes.decode.biasing.automaton import FIRST_CLASS, Biasing, Lists
from stapes.decode.biasing.entries import Aliases, Entries, Entry, Problem, spelled
from stapes.decode.biasing.native import native_lists
from stapes.decode.biasing.spoken import UnspeakableError
from stapes.decode.biasing.writing import Writer, Written
from stapes.errors import ConfigError

if TYPE_CHECKING:
    from stapes._native import PhraseLists

MOST_CLASSES = 1000

_CLASS_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Phrases:
    """What a user is likely to say: added to the open vocabulary, never in its place.

    ::

        phrases = Phrases(
            ["call @contact", ("studio flat", 2.0)],
            classes={"contact": ["Siobhan O'Neil", "Nguyen"]},
            aliases={"win": "Nguyen"},
        )
        recognizer.transcribe("command.wav", expected=[phrases])

    Letters are folded to a to z and apostrophes, hyphens part words. Digits and signs have no certain spoken form;
    an alias gives it. An entry that cannot be listened for is left out and told in ``problems``; where two are
    spoken alike, the first is kept. One object serves any number of streams.

    Args:
        phrases: texts of words and classes, such as ``turn on @device in @room``, each with a weight above 0 and
            at most 10, by default 1, by which its bonus is multiplied. An empty list changes nothing.
        classes: the names that stand behind each ``@name``, with weights as well; one list serves all phrases.
        aliases: spoken spelling to written form. Where a list holds the written form, the spelling is listened for
            as well; where it holds the spelling, the written form is shown; where none holds either, it is a
            phrase.

    Raises:
        ConfigError: a list is no list of texts, a class has no proper name, or there are more than 1000 classes.
    """

    def __init__(
        self,
        phrases: Iterable[Entry],
        classes: Mapping[str, Iterable[Entry]] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        problems: list[Problem] = []
        known = Aliases(aliases or {}, problems)
        members = _members(classes or {}, known, problems)
        templates = Entries("phrases", _Templates(members).spell, known, problems)
        templates.add_all(_listed("phrases", phrases))
        for spoken, letters in known.unused():
            templates.enter(spoken, 1.0, letters, known.form(letters))
        for index, name in enumerate(members):
            if not templates.holds(chr(FIRST_CLASS + index)):
                problems.append(Problem(f"@{name}", f"@{name}", "is named in no phrase that is listened for"))
        self.problems: tuple[Problem, ...] = tuple(problems)
        self._lists = Lists(templates.trie(), tuple(entries.trie() for entries in members.values()))
        self._writer = Writer(self._lists, templates.written, [each.written for each in members.values()])
        self._compiled: dict[tuple[str, ...], Biasing] = {}
        self._native: dict[tuple[str, ...], PhraseLists] = {}

    def __len__(self) -> int:
        """Phrases that are listened for, whatever the number of names in their classes."""
        return len(self._lists.templates)

    def compile(self, vocabulary: Sequence[str]) -> Biasing:
        """The bonuses over the V pieces of ``vocabulary``; made once and kept."""
        key = tuple(vocabulary)
        if key not in self._compiled:
            self._compiled[key] = Biasing(self._lists, key)
        return self._compiled[key]

    def compile_native(self, vocabulary: Sequence[str]) -> "PhraseLists":
        """The same for `stapes.decode.CompiledBeamSearch`; made once and kept. The compiled module is installed."""
        key = tuple(vocabulary)
        if key not in self._native:
            self._native[key] = native_lists(self._lists, key)
        return self._native[key]

    def written(self, words: Sequence[str]) -> list[Written]:
        """``words``, spoken form, with phrases and names in their written form."""
        return self._writer.written(words)


def _members(
    classes: Mapping[str, Iterable[Entry]], aliases: Aliases, problems: list[Problem]
) -> dict[str, Entries]:
    if len(classes) > MOST_CLASSES:
        raise ConfigError(f"phrases: {len(classes)} classes were given; at most {MOST_CLASSES} are accepted")
    members = {}
    for name, entries in classes.items():
        if not _CLASS_NAME.fullmatch(name):
            raise ConfigError(
                f"phrases: a class is called '{name}'; a letter and then letters, digits and underscores, all in "
                "lower case, are accepted"
            )
        members[name] = Entries(f"@{name}", spelled, aliases, problems)
        members[name].add_all(_listed(f"@{name}", entries))
    return members


def _listed(source: str, entries: Iterable[Entry]) -> Iterable[Entry]:
    if isinstance(entries, str):
        raise ConfigError(f"{source}: the text '{entries}' was given; a list of texts is accepted")
    return entries


class _Templates:
    """Spells phrases in which a word may be a class."""

    def __init__(self, members: Mapping[str, Entries]) -> None:
        self._members = members
        self._letters = {name: chr(FIRST_CLASS + index) for index, name in enumerate(members)}

    def spell(self, text: str) -> str:
        if "@" not in text:
            return spelled(text)
        return "".join(self._class(word) if word[0] == "@" else spelled(word) for word in text.split())

    def _class(self, word: str) -> str:
        name = word[1:]
        if name not in self._members:
            given = ", ".join(f"@{other}" for other in self._members) or "none"
            raise UnspeakableError(f"names {word}, which was not given; given are: {given}")
        if not len(self._members[name]):
            raise UnspeakableError(f"names {word}, which holds nothing that can be said")
        return self._letters[name]
