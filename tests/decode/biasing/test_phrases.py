"""Lists of phrases, classes and aliases: what is taken, what is told, and how names are written."""

import time

import pytest

from stapes.decode import Phrases
from stapes.errors import ConfigError


def told(phrases):
    return [str(problem) for problem in phrases.problems]


def written(phrases, text):
    return [form.text for form in phrases.written(text.split())]


def test_every_entry_that_cannot_be_loaded_is_told_with_the_reason():
    phrases = Phrases(
        ["call @contact", "enter @room", "7 up", "...", ("go", 0), ("stop", 11.0), ("up", float("nan"))],
        classes={"contact": ["Zoë", "R2D2", "Zoe"], "floor": ["cellar"], "empty": ["?"]},
        aliases={"r 2": "R2D2"},
    )
    assert told(phrases) == [
        "aliases: 'r 2' holds the digit '2'; an alias that spells it out is expected",
        "@contact: 'R2D2' holds the digit '2'; an alias that spells it out is expected",
        "@contact: 'Zoe' is spoken like 'Zoë', which came first and is kept",
        "@empty: '?' has no letters; a to z, accents and apostrophes are accepted",
        "phrases: 'enter @room' names @room, which was not given; given are: @contact, @floor, @empty",
        "phrases: '7 up' holds the digit '7'; an alias that spells it out is expected",
        "phrases: '...' has no letters; a to z, accents and apostrophes are accepted",
        "phrases: 'go' has the weight 0; above 0 and at most 10 is accepted",
        "phrases: 'stop' has the weight 11.0; above 0 and at most 10 is accepted",
        "phrases: 'up' has the weight nan; above 0 and at most 10 is accepted",
        "@floor: '@floor' is named in no phrase that is listened for",
        "@empty: '@empty' is named in no phrase that is listened for",
    ]
    assert len(phrases) == 1


def test_a_class_without_a_single_name_makes_its_phrase_impossible():
    phrases = Phrases(["call @contact"], classes={"contact": []})
    assert told(phrases)[0] == "phrases: 'call @contact' names @contact, which holds nothing that can be said"
    assert told(Phrases(["call @contact"])) == [
        "phrases: 'call @contact' names @contact, which was not given; given are: none"
    ]


def test_an_empty_list_is_no_problem():
    assert told(Phrases([])) == []
    assert len(Phrases([])) == 0


def test_phrases_that_collide_keep_the_first():
    phrases = Phrases([("Jean-Luc", 2.0), "jean luc", "jean"], aliases={"jean": "Jean"})
    assert told(phrases) == ["phrases: 'jean luc' is spoken like 'Jean-Luc', which came first and is kept"]
    assert len(phrases) == 2


def test_a_hundred_thousand_names():
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [
        f"{a}{b}{c} {d}son" for a in letters for b in letters[:14] for c in letters for d in letters[:11]
    ]
    phrases = Phrases(["call @contact"], classes={"contact": names[:100_000]})
    assert told(phrases) == []
    biasing = phrases.compile(["<blk>", "<unk>", "▁call", "▁", *letters])
    states = [None]
    for label in (2, 3, 4, 4, 4, 4):  # call a a a a, and no name has four
        states.append(biasing.step(states[-1], label))
    assert all(states[1:6])
    assert states[6] == ()


def test_ten_thousand_phrases_are_ready_within_a_second():
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [f"{a}{b}{c}e" for a in letters for b in letters for c in letters[:15]][:10_000]
    begin = time.process_time()
    Phrases(names).compile(["<blk>", "<unk>", "▁", *letters]).scores(None)
    assert time.process_time() - begin < 1


def test_compiled_lists_are_kept():
    phrases = Phrases(["go"])
    vocabulary = ["<blk>", "<unk>", "▁g", "o"]
    assert phrases.compile(vocabulary) is phrases.compile(tuple(vocabulary))
    assert phrases.compile([*vocabulary, "s"]) is not phrases.compile(vocabulary)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("call john",), "phrases: the text 'call john' was given; a list of texts is accepted"),
        (([7],), "phrases: 7 was given; texts and (text, weight) are accepted"),
        (([("a", 1, 2)],), r"phrases: ('a', 1, 2) was given; texts and (text, weight) are accepted"),
        (([], {"a": "john"}), "@a: the text 'john' was given; a list of texts is accepted"),
        (
            ([], {"My names": []}),
            "phrases: a class is called 'My names'; a letter and then letters, digits and underscores, all in lower "
            "case, are accepted",
        ),
        (
            ([], {f"c{index}": [] for index in range(1001)}),
            "phrases: 1001 classes were given; at most 1000 are accepted",
        ),
    ],
)
def test_what_is_no_list_is_refused(arguments, message):
    with pytest.raises(ConfigError) as error:
        Phrases(*arguments)
    assert str(error.value) == message


def test_an_alias_is_shown_in_its_written_form_wherever_it_belongs():
    phrases = Phrases(
        ["call @contact", "tee vee"],
        classes={"contact": ["Siobhan", "Nguyen", "Bo"]},
        aliases={"win": "Nguyen", "tee vee": "TV", "studio fifty four": "Studio 54"},
    )
    assert told(phrases) == []
    assert written(phrases, "please call win now") == ["please", "call", "Nguyen", "now"]
    assert written(phrases, "call nguyen") == ["call", "Nguyen"]
    assert written(phrases, "win siobhan bo") == ["win", "siobhan", "bo"]
    assert written(phrases, "call bo on tee vee tee") == ["call", "bo", "on", "TV", "tee"]
    assert written(phrases, "at studio fifty four") == ["at", "Studio 54"]


def test_an_alias_gives_the_spoken_form_of_what_has_none():
    phrases = Phrases(["go to @place"], {"place": ["Studio 54"]}, {"studio fifty four": "Studio 54"})
    assert told(phrases) == []
    assert written(phrases, "go to studio fifty four") == ["go", "to", "Studio 54"]


def test_an_alias_may_be_given_beside_its_own_spelling():
    phrases = Phrases(["@n"], {"n": ["Nguyen", "win"]}, {"win": "Nguyen"})
    assert told(phrases) == []
    assert written(phrases, "win") == ["Nguyen"]


def test_the_longest_phrase_is_written_and_names_may_have_many_words():
    phrases = Phrases(
        ["@a", "@a and @a", "mac"], {"a": ["mac", "mac donald"]}, {"mac donald": "MacDonald", "mac": "Mac"}
    )
    assert written(phrases, "mac donald and mac donald and mac mac") == [
        *("MacDonald", "and", "MacDonald", "and", "Mac", "Mac")
    ]


def test_written_stretches_tell_their_words():
    forms = Phrases(["tee vee"], aliases={"tee vee": "TV"}).written(["on", "tee", "vee"])
    assert [(form.text, form.first, form.end) for form in forms] == [("on", 0, 1), ("TV", 1, 3)]
