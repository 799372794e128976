"""Text as it is said."""

import pytest

from stapes.corpus import normalise, numerals
from stapes.grammar.spoken import cardinal, ordinal, readings, spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("turn on", "turn on"),
        (" Turn ON ", " turn on "),
        ("channel 21", "channel twenty one "),
        ("3.05", " three point zero five "),
        ("007", " zero zero seven "),
        ("20°", " twenty degrees "),
        ("living-room", "living room"),
        ("Zoë’s", "zoe's"),
        ("a, b. c?", "a b c"),
        ("R&B", "r and b"),
    ],
)
def test_what_is_said(text, said):
    assert spoken(text) == said


@pytest.mark.parametrize("text", ["1/2", "lamp ♥", "5th", "свет", "灯", "1234567890123"])
def test_what_cannot_be_said(text):
    assert spoken(text) is None


@pytest.mark.parametrize("number", [0, 7, 13, 20, 21, 99, 100, 101, 110, 999, 1000, 2700, 10**6 + 1, 10**9])
def test_numbers_are_said_as_in_the_training_text(number):
    assert (
        cardinal(number) == numerals.cardinal(number) == normalise(f"{number},".replace(",", " apples"))[:-7]
    )
    assert ordinal(number) == numerals.ordinal(str(number))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (5, ["five"]),
        (105, ["one hundred five", "one hundred and five"]),
        (120, ["one hundred twenty", "one hundred and twenty"]),
        (100, ["one hundred"]),
        (20.5, ["twenty point five", "twenty and a half"]),
        (0.1, ["zero point one"]),
        (-2, ["minus two", "negative two"]),
    ],
)
def test_the_ways_to_say_a_number(number, said):
    assert readings(number) == said
