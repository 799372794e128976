"""Readings that a fair judge would accept, and some that none would."""

import pytest

from benchmarks.reading import best_reading


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Rub out G-M-E-F-39.", "rubout g m e f three nine"),
        ("Erase CQQF7", "erase c q q f seven"),
        ("W-O-O-D", "w o o d"),
        ("Wake me up at 10.05pm.", "wake me up at ten oh five p m"),
        ("Wake me up at 10:05 PM", "wake me up at ten oh five p m"),
        ("Give 4 out of 6 stars.", "give four out of six stars"),
        ("6018878", "six oh one eight eight seven eight"),
        ("15227", "one five two two seven"),
        ("1-52-27", "one five two two seven"),
        ("5219.", "fifty two nineteen"),
        ("897", "eight ninety seven"),
        ("May 2nd, 1965", "may second nineteen sixty five"),
        ("January 7, 1967", "january seventh nineteen sixty seven"),
        (
            "2387 Jensen Lake, apt 281",
            "two thousand three hundred eighty seven jensen lake apt two hundred eighty one",
        ),
        ("1,781", "one thousand seven hundred and eighty one"),
        ("8 o'clock", "eight o'clock"),
        ("8:00", "eight o'clock"),
        ("at 6:00 p.m.", "at six p m"),
        ("77%", "seventy seven percent"),
        ("$5.50", "five dollars and fifty cents"),
        ("3.14", "three point one four"),
        ("22nd of April", "twenty second of april"),
        ("the 1950s", "the nineteen fifties"),
        ("the 105th", "the one hundred and fifth"),
        ("2500", "twenty five hundred"),
        ("1905", "nineteen oh five"),
        ("at 10 pm", "at ten p m"),
        ("snow boy", "snowboy"),
        ("viewglass", "view glass"),
        ("", ""),
        ("...", ""),
    ],
)
def test_what_was_said_is_among_the_readings(written: str, spoken: str) -> None:
    assert best_reading(written, spoken) == spoken


@pytest.mark.parametrize(
    ("written", "spoken", "reading"),
    [
        ("wood", "w o o d", "wood"),
        ("Turn up Perez", "turner perez", "turn up perez"),
        ("49", "three nine", "forty nine"),
        ("", "stop", ""),
        ("now", "", "now"),
        ("15", "one six five", "one five"),
        ("ABC", "b c", "a b c"),
        ("15 go", "one five go now please", "one five go"),
        ("go to 3", "go two three", "go to three"),
    ],
)
def test_errors_of_hearing_stay(written: str, spoken: str, reading: str) -> None:
    assert best_reading(written, spoken) == reading
