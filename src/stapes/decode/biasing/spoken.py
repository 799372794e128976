"""Names as users write them, in the letters that a recogniser spells with."""

import re
import unicodedata

MOST_LETTERS = 200

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz'")
_PLAIN = re.compile(r"[a-z]+(?:'[a-z]+)*(?: [a-z]+(?:'[a-z]+)*)*")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘‛`´ʼʹ′", "'"))
_PARTING = frozenset('-‐‑‒–—―−_/.,:;!?"“”()')
_FOLDED = {"æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}


class UnspeakableError(ValueError):
    """Why a text has no spoken form that can be told from its letters."""


def spoken_words(written: str) -> list[str]:
    """The words of ``written`` in lower-case a to z and inner apostrophes: "Zoë O’Neil-Smith" has three.

    Accents are dropped; hyphens and punctuation part words.

    Raises:
        UnspeakableError: no letters are left, there are digits or signs, or more than 200 characters.
    """
    if len(written) > MOST_LETTERS:
        raise UnspeakableError(f"has {len(written)} characters; at most {MOST_LETTERS} are accepted")
    if _PLAIN.fullmatch(written):
        return written.split()
    words = [word.strip("'") for word in "".join(map(_folded, _decomposed(written))).split()]
    words = [word for word in words if word]
    if not words:
        raise UnspeakableError("has no letters; a to z, accents and apostrophes are accepted")
    return words


def _decomposed(written: str) -> str:
    decomposed = unicodedata.normalize("NFKD", written.translate(_APOSTROPHES).lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _folded(character: str) -> str:
    if character in _LETTERS:
        return character
    if character in _PARTING or character.isspace():
        return " "
    if character in _FOLDED:
        return _FOLDED[character]
    if character.isdigit():
        raise UnspeakableError(f"holds the digit '{character}'; an alias that spells it out is expected")
    raise UnspeakableError(f"holds '{character}', which cannot be spelled with a to z")
