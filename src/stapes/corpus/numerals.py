"""English numbers in words, American style: no "and" inside a number."""

_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_SMALL = _ONES + _TEENS
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = [(10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (100, "hundred")]
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
# Twelve digits end at 999 billion; a longer run is a code and is read digit by digit.
_MAX_DIGITS = 12


def cardinal(number: int) -> str:
    """``number`` in words, for 0 <= number < 10**12: 105 gives "one hundred five"."""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f" {_SMALL[ones]}" if ones else "")
    value, name = next(scale for scale in _SCALES if number >= scale[0])
    count, rest = divmod(number, value)
    return f"{cardinal(count)} {name}" + (f" {cardinal(rest)}" if rest else "")


def digits(text: str) -> str:
    """Every digit of ``text`` as a word; other characters are skipped."""
    return " ".join(_SMALL[int(digit)] for digit in text if digit in "0123456789")


def integer(text: str) -> str:
    """A run of digits as it is read aloud; a leading zero or more than twelve digits are read one by one."""
    if len(text) > _MAX_DIGITS or (len(text) > 1 and text[0] == "0"):
        return digits(text)
    return cardinal(int(text))


def decimal(text: str) -> str:
    """Digits with at most one point: "3.14" gives "three point one four"."""
    whole, point, fraction = text.partition(".")
    parts = [integer(whole)] if whole else []
    return " ".join([*parts, "point", digits(fraction)] if point else parts)


def ordinal(text: str) -> str:
    """The ordinal of a run of digits: "21" gives "twenty first"."""
    *before, last = integer(text).split()
    regular = (last[:-1] + "ie" if last.endswith("y") else last) + "th"
    return " ".join([*before, _ORDINALS.get(last, regular)])


def plural(words: str) -> str:
    """The plural of a number in words: "nineteen ninety" gives "nineteen nineties"."""
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith("x") else "s")


def year(text: str) -> str:
    """Four digits from 1100 to 2099, read in pairs where people do: "1905" gives "nineteen oh five"."""
    century, rest = int(text[:2]), int(text[2:])
    if century == 20 and rest < 10:
        return cardinal(int(text))
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {two_digits(rest)}"


def two_digits(number: int) -> str:
    """Minutes, or the end of a year: 5 gives "oh five"."""
    return f"oh {cardinal(number)}" if number < 10 else cardinal(number)
