"""Spoken form: the words of a written English sentence as they are said, in the letters a recogniser writes.

Rules run in a fixed order on folded text. Each turns one written form (a time, a price, an ordinal) into
words; what is left that cannot be spoken is dropped. The result holds only a-z, single spaces and apostrophes
inside words.
"""

import re
import unicodedata
from collections.abc import Callable

from stapes.corpus import numerals

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘‛`´ʼʹ′＇", "'"))
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_DASHES = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), "⁄": "/"})
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
}
_DENOMINATORS = {2: "half", 4: "quarter"}
_TITLES = {"mr": "mister", "mrs": "missus"}
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d])|\d*\.\d+|\d+"


def normalise(text: str) -> str:
    """The spoken form of ``text``; applied twice it changes nothing more.

    "Mr. O’Neil paid $3.50 at 10:05 a.m." gives "mister o'neil paid three dollars and fifty cents at ten oh
    five a m". Numbers up to 999 billion, decimals, ordinals, years, times, prices, percentages and simple
    fractions are spelled out, longer runs of digits are read one by one; accents are dropped, hyphens part
    words.
    """
    text = _fold(text)
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    text = re.sub(r"[^a-z']+", " ", text)
    text = re.sub(r"(?<![a-z])'|'(?![a-z])", " ", text)
    return " ".join(_TITLES.get(word, word) for word in text.split())


def _fold(text: str) -> str:
    text = text.translate(_APOSTROPHES)
    # A vulgar fraction must not melt into the digit before it when it is decomposed.
    text = "".join(f" {c}" if unicodedata.decomposition(c).startswith("<fraction>") else c for c in text)
    text = unicodedata.normalize("NFKC", text).lower().translate(_DASHES).translate(_LETTERS)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9'.,:/%$£€&@+°-]", " ", text)


def _padded(spoken: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    return lambda match: f" {spoken(match)} "


def _plain(number: str) -> str:
    return numerals.decimal(number.replace(",", ""))


def _number(match: re.Match[str]) -> str:
    number = match[0]
    if len(number) == 4 and number.isdigit() and ("1100" <= number <= "1999" or "2000" <= number <= "2099"):
        return numerals.year(number)
    return _plain(number)


def _plural(match: re.Match[str]) -> str:
    digits = match[1]
    words = (
        numerals.year(digits) if re.fullmatch(r"1[1-9]\d\d|20[1-9]\d", digits) else numerals.integer(digits)
    )
    return numerals.plural(words)


def _time(match: re.Match[str]) -> str:
    hour, minute, half = int(match[1]), int(match[2]), match[3]
    words = [numerals.cardinal(hour)]
    if minute:
        words.append(numerals.two_digits(minute))
    elif not half:
        words.append("o'clock" if 0 < hour <= 12 else "hundred")
    return " ".join([*words, *(f"{half} m" if half else "").split()])


def _price(match: re.Match[str]) -> str:
    one, many, one_part, many_parts = _CURRENCIES[match[1]]
    amount, scale = match[2].replace(",", ""), match[3]
    if scale:
        return f"{_plain(amount)} {scale} {many}"
    whole, _, parts = amount.partition(".")
    if len(parts) != 2:
        return f"{_plain(amount)} {one if amount == '1' else many}"
    spoken = []
    if whole and int(whole):
        spoken.append(f"{numerals.integer(whole)} {one if whole == '1' else many}")
    if int(parts) or not spoken:
        spoken.append(f"{numerals.cardinal(int(parts))} {one_part if parts == '01' else many_parts}")
    return " and ".join(spoken)


def _fraction(match: re.Match[str]) -> str:
    whole, top, bottom = match[1], int(match[2]), int(match[3])
    if not 0 < top < bottom:
        return match[0].replace("/", " ")
    name = _DENOMINATORS.get(bottom) or numerals.ordinal(str(bottom))
    many = "halves" if name == "half" else f"{name}s"
    if whole:
        return (
            f"{_plain(whole)} and {'a' if top == 1 else numerals.cardinal(top)} {name if top == 1 else many}"
        )
    return f"{numerals.cardinal(top)} {name if top == 1 else many}"


_RULES: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (re.compile(pattern), _padded(spoken))
    for pattern, spoken in [
        (r"(?<![\d:.,])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s*([ap])\.?\s?m\b\.?)?", _time),
        (r"(?<![\d:.,])(\d{1,2})()\s*([ap])\.?m\b\.?", lambda m: f"{numerals.cardinal(int(m[1]))} {m[3]} m"),
        (r"(?<![a-z'])[a-z](?:\.[a-z])+(?![a-z])\.?", lambda m: m[0].replace(".", " ")),
        (r"(?<![a-z'])dr\.", lambda m: "doctor"),
        (r"(?<=[a-z0-9])\.(?=(?:com|org|net|edu|gov|io|co|uk)(?![a-z]))", lambda m: "dot"),
        (r"(?<![\d-])(?:\d{3}-)?\d{3}-\d{4}(?![\d-])", lambda m: numerals.digits(m[0])),
        (rf"([$£€])\s?({_NUMBER})(?:\s?(thousand|million|billion|trillion)\b)?", _price),
        (r"(?<![\d/.,])(?:(\d+)\s+)?(\d{1,2})/(10|[2-9])(?![\d/])", _fraction),
        (r"(?<![\d.,])(\d+)(?:st|nd|rd|th)(?![a-z])", lambda m: numerals.ordinal(m[1])),
        (r"(?<![\d.,])(\d+)'?s(?![a-z])", _plural),
        (r"(?<![a-z0-9])-\s?(?=\.?\d)", lambda m: "minus"),
        (r"\+", lambda m: "plus"),
        (r"°\s?([cf])(?![a-z])", lambda m: "degrees " + ("celsius" if m[1] == "c" else "fahrenheit")),
        (r"°", lambda m: "degrees"),
        (r"%", lambda m: "percent"),
        (r"&", lambda m: "and"),
        (r"@", lambda m: "at"),
        (_NUMBER, _number),
    ]
]
