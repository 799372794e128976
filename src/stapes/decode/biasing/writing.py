"""Names in their written form: what was recognised in spoken form, as the user wants to read it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stapes.decode.biasing.automaton import FIRST_CLASS, Lists
from stapes.decode.biasing.trie import Place, Trie
from stapes.decode.words import WORD_MARK


@dataclass(frozen=True, slots=True)
class Written:
    """A stretch of words as it is written.

    Attributes:
        text: the written form, or the one word as it was.
        first: index of the first word.
        end: one past the last word.
    """

    text: str
    first: int
    end: int


class Writer:
    """Finds phrases in words, from the left, the longest first.

    Args:
        lists: the phrases and their classes.
        templates: written form of each phrase; None where it is written as spoken.
        members: the same of each name of each class.
    """

    def __init__(
        self, lists: Lists, templates: Sequence[str | None], members: Sequence[Sequence[str | None]]
    ) -> None:
        self._lists = lists
        self._templates = templates
        self._members = members
        self._changes = any(any(forms) for forms in (templates, *members))

    def written(self, words: Sequence[str]) -> list[Written]:
        """``words`` with everything replaced that has another written form."""
        result: list[Written] = []
        first = 0
        while first < len(words):
            end, forms = self._longest(words, first) if self._changes else (first, [])
            inside = {form.first: form for form in forms}
            end = max(end, first + 1)
            while first < end:
                form = inside.get(first) or Written(words[first], first, first + 1)
                result.append(form)
                first = form.end
        return result

    def _longest(self, words: Sequence[str], first: int) -> tuple[int, list[Written]]:
        """End and replacements of the longest phrase that begins at word ``first``; ``first`` if none does."""
        templates = self._lists.templates
        best: tuple[int, list[Written]] = (first, [])
        for end, place, forms in self._readings(words, first, templates.root):
            entry = templates.node(place).entry
            if entry is not None and end > best[0]:
                form = self._templates[entry]
                best = (end, forms if form is None else [Written(form, first, end)])
        return best

    def _readings(
        self, words: Sequence[str], first: int, place: Place
    ) -> Iterator[tuple[int, Place, list[Written]]]:
        """Every way to go on from ``place`` with whole words: their end, where it leads, what is replaced."""
        templates = self._lists.templates
        yield first, place, []
        if first == len(words):
            return
        spelled = _spell(templates, place, words[first])
        if spelled is not None:
            yield from self._readings(words, first + 1, spelled)
        for letter, after in templates.node(place).next.items():
            index = ord(letter) - FIRST_CLASS
            if index >= 0:
                for end, forms in self._names(words, first, index):
                    for last, reached, others in self._readings(words, end, after):
                        yield last, reached, [*forms, *others]

    def _names(self, words: Sequence[str], first: int, index: int) -> Iterator[tuple[int, list[Written]]]:
        """Ends and replacements of the names of a class that begin at word ``first``."""
        members = self._lists.classes[index]
        place = members.root
        for end in range(first + 1, len(words) + 1):
            reached = _spell(members, place, words[end - 1])
            if reached is None:
                return
            place = reached
            entry = members.node(place).entry
            if entry is not None:
                form = self._members[index][entry]
                yield end, [] if form is None else [Written(form, first, end)]


def _spell(trie: Trie, place: Place, word: str) -> Place | None:
    """Where ``word`` leads from ``place``."""
    for letter in WORD_MARK + word:
        following = trie.node(place).next.get(letter)
        if following is None:
            return None
        place = following
    return place
