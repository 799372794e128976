"""What words mean: the best of several readings, and the values of slots."""

import pytest

from stapes.grammar import Grammar, Slot
from tests.grammar.language import intents

LISTS = {
    "room": {"values": [{"in": "(living|sitting) room", "out": "living_room"}, "Attic", "bath[room]"]},
    "percent": {"range": {"from": 0, "to": 100}},
    "down": {"range": {"from": 0, "to": 10, "multiplier": -1}},
    "half": {"range": {"from": 0, "to": 30, "fractions": "halves"}},
    "any": {"wildcard": True},
}


def parse(words, *sentences, **parts):
    return Grammar.from_dict(intents(list(sentences), lists=LISTS, **parts)).parse(words)


def test_a_slot_has_its_words_its_value_and_its_place():
    match = parse(
        "dim the sitting room to forty two percent", "dim the {room:area} to {percent:level} percent"
    )
    assert match.intent == "Say"
    assert match.slots == (
        Slot("area", "sitting room", "living_room", 2, 4),
        Slot("level", "forty two", 42, 5, 7),
    )


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("attic", "Attic"),
        ("bath", "bath"),
        ("bathroom", "bathroom"),
        ("living room", "living_room"),
    ],
)
def test_a_value_without_output_is_as_it_is_written_or_as_it_was_said(words, value):
    assert parse(words, "{room}").values == {"room": value}


def test_a_range_gives_numbers():
    assert parse("one hundred", "{percent}").values == {"percent": 100}
    assert parse("five", "{down}").values == {"down": -5}
    assert parse("twenty and a half", "{half}").values == {"half": 20.5}
    assert parse("twenty point five", "{half}").values == {"half": 20.5}
    assert parse("twenty point six", "{half}") is None


def test_slots_that_are_given_are_among_the_values():
    data = [{"sentences": ["lights on"], "slots": {"domain": "light", "state": ["on", 1]}}]
    match = Grammar.from_dict({"intents": {"On": {"data": data}}}).parse("lights on")
    assert (match.intent, match.slots) == ("On", ())
    assert match.values == {"domain": "light", "state": ["on", 1]}


def test_a_wildcard_takes_any_words_and_at_least_one():
    match = parse("add oat milk and to do to my list", "add {any:item} to [my] list")
    assert match.slots == (Slot("item", "oat milk and to do", "oat milk and to do", 1, 6),)
    assert parse("add to my list", "add {any:item} to [my] list") is None
    assert parse("oh", "{any}").values == {"any": "oh"}


def test_two_wildcards_share_the_words():
    match = parse("play help by the beatles", "play {any:song} by {any:artist}")
    assert match.values == {"song": "help", "artist": "the beatles"}


def test_a_reading_without_wildcards_is_better():
    match = parse("go to attic", "go to {any}", "go to {room}", "{any} to {any:b}")
    assert match.slots == (Slot("room", "attic", "Attic", 2, 3),)


def test_a_reading_with_fewer_letters_in_lists_is_better():
    lists = {"a": {"values": ["the lamp", "lamp"]}}
    document = intents(["on {a}", "on [the] {a}"], lists=lists)
    assert Grammar.from_dict(document).parse("on the lamp").values == {"a": "lamp"}


def test_a_reading_with_fewer_words_in_wildcards_is_better():
    match = parse("play attic song", "play {any} song", "play {any} [song]")
    assert match.values == {"any": "attic"}


def test_one_wildcard_is_better_than_two_with_fewer_letters():
    match = parse("play help by queen", "play {any} by {any:artist}", "play {any:all}")
    assert match.values == {"all": "help by queen"}


def test_a_word_in_a_list_is_better_than_the_same_in_a_wildcard():
    for order in (("play {any}", "play {room} {any}"), ("play {room} {any}", "play {any}")):
        assert parse("play attic songs", *order).values == {"room": "Attic", "any": "songs"}


def test_among_equals_the_first_in_the_file_is_meant():
    data = [{"sentences": ["stop"]}]
    for order in (("B", "A"), ("A", "B")):
        grammar = Grammar.from_dict({"intents": {name: {"data": data} for name in order}})
        assert grammar.parse("stop").intent == order[0]


def test_slots_inside_rules_count_and_are_in_the_order_of_the_words():
    rules = {"time": "{percent:hours} hour[s] [and <rest>]", "rest": "{percent:minutes} minute[s]"}
    match = parse("wait two hours and five minutes", "wait <time>", expansion_rules=rules)
    assert [(slot.name, slot.value, slot.start_word) for slot in match.slots] == [
        ("hours", 2, 1),
        ("minutes", 5, 4),
    ]


def test_the_same_slot_may_be_filled_twice():
    match = parse("attic to bath", "{room} to {room}")
    assert [slot.value for slot in match.slots] == ["Attic", "bath"]
    assert match.values == {"room": "bath"}


def test_a_slot_may_be_part_of_a_word():
    match = parse("two attics", "{percent} {room}s")
    assert match.slots[1] == Slot("room", "attic", "Attic", 1, 2)


@pytest.mark.parametrize("words", ["", [], "go", "go on now", "goon", "g o on"])
def test_what_is_no_sentence_means_nothing(words):
    assert parse(words, "go on", "[please]") is None


def test_a_sentence_may_be_given_as_a_list_of_words():
    assert parse(["go", "on"], "go on").intent == "Say"
