"""English text as it is said, in the letters that a recogniser writes: a-z, the apostrophe and the space."""

import re
import unicodedata

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = [(10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (100, "hundred")]
_IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth"}
_IRREGULAR |= {"eight": "eighth", "nine": "ninth", "twelve": "twelfth"}
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘‛`´ʼʹ′", "'"))
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_NAMED = {"%": " percent ", "°": " degrees ", "&": " and ", "+": " plus ", "@": " at "}
_PARTING = re.compile(r"[-_‐‑‒–—―−]")
_SILENT = re.compile(r"[.,!?;:\"…¿¡()\[\]“”«»]")
_NUMBER = re.compile(r"(?<![a-z\d.])(\d{1,12})(?:\.(\d+))?(?![a-z\d])")
_PLAIN = re.compile(r" ?(?:[A-Za-z']+ ?)*")
_SPOKEN = re.compile(r"[a-z' ]*")


def spoken(text: str) -> str | None:
    """``text`` as it is said; white space at its ends is kept as one space. None if it cannot be said.

    Accents are dropped, digits become number words, ``%``, ``°``, ``&``, ``+`` and ``@`` their names, hyphens part
    words, and punctuation is silent.
    """
    if _PLAIN.fullmatch(text):
        return text.lower()
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).lower().translate(_LETTERS)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = _NUMBER.sub(lambda match: f" {_decimal(match[1], match[2])} ", text)
    for sign, name in _NAMED.items():
        text = text.replace(sign, name)
    text = re.sub(r"\s+", " ", _SILENT.sub("", _PARTING.sub(" ", text)))
    return text if _SPOKEN.fullmatch(text) else None


def cardinal(number: int) -> str:
    """``number`` in words, for 0 <= number < 10**12, American style: 105 gives "one hundred five"."""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f" {_SMALL[ones]}" if ones else "")
    value, name = next(scale for scale in _SCALES if number >= scale[0])
    count, rest = divmod(number, value)
    return f"{cardinal(count)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """``number`` in words as an ordinal, for 0 <= number < 10**12: 21 gives "twenty first"."""
    *before, last = cardinal(number).split()
    regular = (last[:-1] + "ie" if last.endswith("y") else last) + "th"
    return " ".join([*before, _IRREGULAR.get(last, regular)])


def readings(number: float) -> list[str]:
    """The ways to say ``number``, of magnitude below 10**12, with at most one digit after the point."""
    whole, tenths = divmod(round(abs(number) * 10), 10)
    said = _cardinals(whole)
    if tenths:
        halves = [f"{words} and a half" for words in said] if tenths == 5 else []
        said = [f"{words} point {_SMALL[tenths]}" for words in said] + halves
    return [f"{sign} {words}" for sign in ("minus", "negative") for words in said] if number < 0 else said


def _cardinals(number: int) -> list[str]:
    """With and without "and" after the hundreds."""
    american = cardinal(number)
    rest = number % 100
    if number < 100 or rest == 0:
        return [american]
    tail = cardinal(rest)
    return [american, f"{american.removesuffix(tail)}and {tail}"]


def _decimal(whole: str, fraction: str | None) -> str:
    """Digits with at most one point; a leading zero has the digits read one by one."""
    one_by_one = len(whole) > 1 and whole[0] == "0"
    words = " ".join(_SMALL[int(digit)] for digit in whole) if one_by_one else cardinal(int(whole))
    if fraction is None:
        return words
    return f"{words} point {' '.join(_SMALL[int(digit)] for digit in fraction)}"
