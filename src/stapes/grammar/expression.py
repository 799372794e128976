"""What a sentence of a grammar is made of, whatever notation it was written in."""

from dataclasses import dataclass

from stapes.grammar.source import Place


@dataclass(frozen=True, slots=True)
class Text:
    """Spoken text: letters, apostrophes, and single spaces, which may also stand at either end."""

    text: str


@dataclass(frozen=True, slots=True)
class Unspoken:
    """Text that nobody can say; what holds it cannot be said either.

    Attributes:
        text: as it was written.
        place: where it stands.
    """

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of them; the empty ``Text`` among them makes the others optional."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Permutation:
    """All of them, in any order."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class ListReference:
    """Any value of a list; ``slot`` is None where nobody asks which."""

    name: str
    slot: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class RuleReference:
    """What the rule ``name`` stands for."""

    name: str
    place: Place


Expression = Text | Unspoken | Sequence | Choice | Permutation | ListReference | RuleReference

NOTHING = Text("")
