"""A grammar as it was written: sentences by intent, lists and rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stapes.errors import ConfigError
from stapes.grammar.expression import Expression
from stapes.grammar.source import Place

MAX_NUMBERS = 100_000
LARGEST_NUMBER = 10**9
FRACTIONS = {"halves": (0, 5), "tenths": tuple(range(10))}
"""Tenths that a range with fractions holds beside each whole number."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a list.

    Attributes:
        said: how it is said.
        written: as the list writes it.
        out: what the slot is given; None for the words that were said.
        place: where it stands.
    """

    said: Expression
    written: str
    out: Any
    place: Place


@dataclass(frozen=True, slots=True)
class ValueList:
    """A list of values."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class NumberList:
    """Numbers in words.

    Attributes:
        first, last, step: the whole numbers, ``last`` included; within ±1 000 000 000, at most 100 000 of them.
        multiplier: what the slot is given is the number times this.
        tenths: that may follow a whole number.
    """

    first: int
    last: int
    step: int = 1
    multiplier: float = 1
    tenths: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if self.step < 1 or self.first > self.last:
            raise ConfigError(
                f"a range from {self.first} to {self.last} in steps of {self.step}; from at most to, and a step "
                "of 1 or more, are accepted"
            )
        if max(-self.first, self.last) > LARGEST_NUMBER or self.count > MAX_NUMBERS:
            raise ConfigError(
                f"a range from {self.first} to {self.last}; {MAX_NUMBERS} numbers of at most {LARGEST_NUMBER} "
                "are accepted"
            )

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return ((self.last - self.first) // self.step + 1) * len(self.tenths)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Any words, at least one."""


List = ValueList | NumberList | Wildcard


@dataclass(frozen=True, slots=True)
class Block:
    """Sentences of one intent.

    Attributes:
        intent: its name.
        sentences: at least one of which is said.
        slots: values that hold whenever one of them is said.
        lists, rules: those of this block alone, which go before those of the grammar.
    """

    intent: str
    sentences: tuple[Expression, ...]
    slots: Mapping[str, Any]
    lists: Mapping[str, List] = field(default_factory=dict)
    rules: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole grammar; ``skipped`` may be said before and after every sentence."""

    blocks: tuple[Block, ...]
    lists: Mapping[str, List]
    rules: Mapping[str, Expression]
    skipped: tuple[Value, ...] = ()
