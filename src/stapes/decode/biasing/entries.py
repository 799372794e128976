"""Lists of names as users give them, checked and spelled for a trie."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from stapes.decode.biasing.spoken import UnspeakableError, spoken_words
from stapes.decode.biasing.trie import Trie
from stapes.decode.words import WORD_MARK
from stapes.errors import ConfigError

MOST_WEIGHT = 10.0

Entry = str | tuple[str, float]
"""A text, or a text with its weight."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry that is not listened for.

    Attributes:
        source: ``phrases``, ``aliases``, or a class as ``@name``.
        text: the entry as given.
        reason: what is wrong with it, and what is accepted.
    """

    source: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: '{self.text}' {self.reason}"


def spelled(text: str) -> str:
    """The letters of ``text``, with U+2581 before each word.

    Raises:
        UnspeakableError: it has no spoken form that its letters tell.
    """
    return "".join(WORD_MARK + word for word in spoken_words(text))


class Aliases:
    """Spoken spellings of written forms.

    Args:
        written: written form by spoken spelling.
        problems: where spellings that cannot be said are told.
    """

    def __init__(self, written: Mapping[str, str], problems: list[Problem]) -> None:
        self._by_letters: dict[str, tuple[str, str]] = {}
        self._by_written: dict[str, list[str]] = {}
        for spoken, form in written.items():
            try:
                letters = spelled(spoken)
            except UnspeakableError as error:
                problems.append(Problem("aliases", spoken, str(error)))
                continue
            self._by_letters[letters] = (spoken, form)
            self._by_written.setdefault(form, []).append(letters)
        self._unused = dict(self._by_letters)

    def spellings(self, form: str) -> list[str]:
        """Letters of the spellings of the written ``form``."""
        found = self._by_written.get(form, [])
        for letters in found:
            self._unused.pop(letters, None)
        return found

    def form(self, letters: str) -> str | None:
        """The written form of what is spelled ``letters``."""
        self._unused.pop(letters, None)
        return self._by_letters[letters][1] if letters in self._by_letters else None

    def unused(self) -> list[tuple[str, str]]:
        """Spelling and letters of each alias that neither ``spellings`` nor ``form`` gave yet."""
        return [(spoken, letters) for letters, (spoken, _) in self._unused.items()]


class Entries:
    """One list.

    Args:
        source: what ``Problem.source`` calls it.
        spell: letters of a text, as `spelled` gives them.
        aliases: further spellings.
        problems: where entries that cannot be listened for are told.
    """

    def __init__(
        self, source: str, spell: Callable[[str], str], aliases: Aliases, problems: list[Problem]
    ) -> None:
        self.source = source
        self.written: list[str | None] = []
        self._indices: dict[str, int] = {}
        self._texts: list[str] = []
        self._weights: list[float] = []
        self._spell = spell
        self._aliases = aliases
        self._problems = problems

    def add_all(self, entries: Iterable[Entry]) -> None:
        """Enter every text and its aliases.

        Raises:
            ConfigError: an entry is neither a text nor a pair of text and weight.
        """
        for entry in entries:
            if isinstance(entry, str):
                self._add(entry, 1.0)
            elif isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str):
                self._add(*entry)
            else:
                raise ConfigError(
                    f"{self.source}: {entry!r} was given; texts and (text, weight) are accepted"
                )

    def enter(self, text: str, weight: float, letters: str, written: str | None) -> None:
        """Listen for ``text``, spelled ``letters``; one spelled like another, but not written like it, is told."""
        index = self._indices.get(letters)
        if index is None:
            self._indices[letters] = len(self._texts)
            self._texts.append(text)
            self._weights.append(weight)
            self.written.append(written)
        elif written is None or written != self.written[index]:
            self._report(text, f"is spoken like '{self._texts[index]}', which came first and is kept")

    def trie(self) -> Trie:
        """What is listened for."""
        return Trie(list(self._indices), self._weights)

    def holds(self, letter: str) -> bool:
        """Whether any entry has ``letter``."""
        return any(letter in letters for letters in self._indices)

    def __len__(self) -> int:
        return len(self._texts)

    def _add(self, text: str, weight: float) -> None:
        if not 0 < weight <= MOST_WEIGHT:
            self._report(text, f"has the weight {weight}; above 0 and at most {MOST_WEIGHT:g} is accepted")
            return
        others = self._aliases.spellings(text)
        try:
            letters = self._spell(text)
            self.enter(text, weight, letters, text if others else self._aliases.form(letters))
        except UnspeakableError as error:
            if not others:
                self._report(text, str(error))
        for letters in others:
            self.enter(text, weight, letters, text)

    def _report(self, text: str, reason: str) -> None:
        self._problems.append(Problem(self.source, text, reason))
