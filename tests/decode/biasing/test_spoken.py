"""Names as they are written, in the letters of a recogniser."""

import pytest

from stapes.decode.biasing.spoken import UnspeakableError, spoken_words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("john", ["john"]),
        ("o'neil's  boat", ["o'neil's", "boat"]),
        ("Zoë O’Neil-Smith", ["zoe", "o'neil", "smith"]),
        ("St. John, Æsop & Co".replace("& ", ""), ["st", "john", "aesop", "co"]),
        ("Łódź straße", ["lodz", "strasse"]),
        ("'tis the boys'", ["tis", "the", "boys"]),
        ("ﬁx", ["fix"]),
        ("\tTV_room\n", ["tv", "room"]),
    ],
)
def test_letters_are_folded_and_words_parted(written, words):
    assert spoken_words(written) == words


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "has no letters; a to z, accents and apostrophes are accepted"),
        (" - ' ", "has no letters; a to z, accents and apostrophes are accepted"),
        ("studio 54", "holds the digit '5'; an alias that spells it out is expected"),
        ("ben & jerry", "holds '&', which cannot be spelled with a to z"),
        ("москва", "holds 'м', which cannot be spelled with a to z"),
        ("a" * 201, "has 201 characters; at most 200 are accepted"),
    ],
)
def test_what_cannot_be_said_is_told(written, reason):
    with pytest.raises(UnspeakableError) as error:
        spoken_words(written)
    assert str(error.value) == reason


def test_two_hundred_characters_are_accepted():
    assert spoken_words("a" * 200) == ["a" * 200]
