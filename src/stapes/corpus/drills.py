"""Sentences for what assistants hear and text collections lack: spelling, digits, dates, times, words out of context.

A recogniser that has met its words in sentences alone guesses them from their neighbours; drills make it listen.
"""

import random
import re
from collections.abc import Callable, Sequence

from stapes.corpus.text import normalise
from stapes.errors import CorpusError

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ORDERS = (
    "enter",
    "erase",
    "repeat",
    "go",
    "stop",
    "start",
    "help",
    "spell",
    "call",
    "dial",
    "number",
    "code",
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SUFFIXES = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
_MAX_SPELLED = 11


def drills(sentences: Sequence[str], count: int, seed: int = 0) -> list[str]:
    """``count`` drills in spoken form, each once.

    Args:
        sentences: whose words are spelled, and said alone and in any order.
        count: how many, at most 100 for each different word.
        seed: of the draw.

    Raises:
        CorpusError: there are too few words for so many drills.
    """
    words = sorted({word for sentence in sentences for word in normalise(sentence).split() if len(word) > 1})
    if count > 100 * len(words):
        raise CorpusError(
            f"drills: {count} are asked for, of {len(words)} different words; at most 100 for each are made"
        )
    draw = random.Random(seed)
    made: dict[str, None] = {}
    while len(made) < count:
        kind = draw.choice(_KINDS)
        made[normalise(kind(draw, words))] = None
    return list(made)


def _spelled(draw: random.Random, words: Sequence[str]) -> str:
    word = re.sub("[^a-z]", "", draw.choice(words))[:_MAX_SPELLED]
    return f"{draw.choice(('', '', 'spell', word))} {' '.join(word)}"


def _digits(draw: random.Random, words: Sequence[str]) -> str:
    order = draw.choice(("", "", draw.choice(_ORDERS)))
    return f"{order} {' '.join(str(draw.randrange(10)) for _ in range(draw.randint(1, 10)))}"


def _code(draw: random.Random, words: Sequence[str]) -> str:
    letters = " ".join(draw.choice(_LETTERS) for _ in range(draw.randint(1, 5)))
    number = draw.choice((draw.randrange(100), draw.randrange(2000)))
    return f"{draw.choice(('', draw.choice(_ORDERS)))} {letters} {number}"


def _date(draw: random.Random, words: Sequence[str]) -> str:
    day = draw.randint(1, 31)
    year = draw.choice(("", str(draw.randint(1920, 2030))))
    return f"{draw.choice(_MONTHS)} {day}{draw.choice(('', _SUFFIXES.get(day, 'th')))} {year}"


def _time(draw: random.Random, words: Sequence[str]) -> str:
    clock = f"{draw.randint(1, 12)}:{draw.randrange(60):02d}"
    return f"{draw.choice(('', 'at', draw.choice(words)))} {clock} {draw.choice(('', 'a.m.', 'p.m.'))}"


def _address(draw: random.Random, words: Sequence[str]) -> str:
    return f"{draw.randint(1, 9999)} {draw.choice(words)} {draw.choice(('street', 'avenue', 'road', 'drive', 'lane'))}"


def _word(draw: random.Random, words: Sequence[str]) -> str:
    return draw.choice(words)


def _phrase(draw: random.Random, words: Sequence[str]) -> str:
    return " ".join(draw.choice(words) for _ in range(draw.randint(2, 6)))


_KINDS: tuple[Callable[[random.Random, Sequence[str]], str], ...] = (
    _spelled,
    _digits,
    _code,
    _date,
    _time,
    _address,
    _word,
    _phrase,
)
