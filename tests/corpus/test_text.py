import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stapes.corpus import normalise

WRITTEN = [
    ("Hello,  WORLD!", "hello world"),
    ("Mr. O’Neil and Mrs Ray", "mister o'neil and missus ray"),
    ("Dr. No lives at 4 Elm Dr", "doctor no lives at four elm dr"),
    ("rock 'n' roll, the dogs' ‘home’", "rock n roll the dogs home"),
    ("Café naïve Straße Øre", "cafe naive strasse ore"),
    ("well-known—really", "well known really"),
    ("salt & pepper @ home", "salt and pepper at home"),
    ("10:05 a.m.", "ten oh five a m"),
    ("at 7:30pm, or 7 PM", "at seven thirty p m or seven p m"),
    ("3:00 or 13:00 or 12:00 am", "three o'clock or thirteen hundred or twelve a m"),
    ("the U.S.A., e.g. here", "the u s a e g here"),
    ("0 7 13 20 42", "zero seven thirteen twenty forty two"),
    ("105 and 1,200", "one hundred five and one thousand two hundred"),
    (
        "1,234,567,890",
        "one billion two hundred thirty four million five hundred sixty seven thousand eight hundred ninety",
    ),
    ("3.14 and .5 and 10.0", "three point one four and point five and ten point zero"),
    ("-5°C or +3 °F", "minus five degrees celsius or plus three degrees fahrenheit"),
    ("007 1234567890123", "zero zero seven one two three four five six seven eight nine zero one two three"),
    (
        "1st 2nd 3rd 5th 12th 20th 21st 100th",
        "first second third fifth twelfth twentieth twenty first one hundredth",
    ),
    (
        "1984, 1905, 1900, 2008 and 2024",
        "nineteen eighty four nineteen oh five nineteen hundred two thousand eight and twenty twenty four",
    ),
    ("the 1990s, 90's, 6s", "the nineteen nineties nineties sixes"),
    ("$1 $2 £3 €4", "one dollar two dollars three pounds four euros"),
    ("$3.50, $1.01, £0.99", "three dollars and fifty cents one dollar and one cent ninety nine pence"),
    ("$3.5 million and $1,200", "three point five million dollars and one thousand two hundred dollars"),
    ("50% of 2.5 %", "fifty percent of two point five percent"),
    ("½, 4½, 3/4 and 24/7", "one half four and a half three quarters and twenty four seven"),
    ("2/3 1/10", "two thirds one tenth"),
    (
        "call 555-1234 or 800-555-1234",
        "call five five five one two three four or eight zero zero five five five one two three four",
    ),
    ("me@mail.com", "me at mail dot com"),
    ("mp3 b2b v1.2.3", "mp three b two b v one point two point three"),
    ("i'd've said 5-6", "i'd've said five six"),
    ("日本 🙂 #", ""),
]


@pytest.mark.parametrize(("written", "spoken"), WRITTEN)
def test_spoken_form(written: str, spoken: str) -> None:
    assert normalise(written) == spoken


SYMBOLS = st.text(alphabet="amprs01234579.,:'’-/%$£&@+°½ ", max_size=24)


@given(st.one_of(SYMBOLS, st.text(max_size=24)))
def test_normalising_twice_changes_nothing_and_only_speakable_characters_stay(text: str) -> None:
    spoken = normalise(text)
    assert normalise(spoken) == spoken
    assert re.fullmatch(r"([a-z]+('[a-z]+)*( [a-z]+('[a-z]+)*)*)?", spoken)
