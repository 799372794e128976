"""How errors are shared between names and other words, and which sentences make a set of names."""

from pathlib import Path

import numpy as np

from benchmarks.names import Spoken, false_names, harm, one_list_each, split_errors
from benchmarks.names_set import _one_a_name, holds
from stapes.corpus import Utterance


def spoken(text, *names):
    return Spoken(Utterance(text, Path("a.flac"), text, 1.0), np.zeros((0, 1), np.float32), names)


def test_errors_in_names_and_in_other_words_are_counted_apart():
    said = [spoken("call zoe nguyen now", "zoe nguyen"), spoken("play it", "it")]
    lists = {said[0].text: ["zoe nguyen", "ann"], said[1].text: ["it"]}
    errors = split_errors(said, ["tall zoe nguyen ann now so", "play it"], lists)
    assert errors == {"names_wer": 1 / 3, "others_wer": 2 / 3, "names_words": 3, "others_words": 3}


def test_nothing_heard_is_every_word_wrong():
    said = [spoken("call zoe", "zoe")]
    errors = split_errors(said, [""], {"call zoe": ["zoe"]})
    assert (errors["names_wer"], errors["others_wer"]) == (1, 1)


def test_a_name_is_false_where_the_reference_lacks_it_as_whole_words():
    assert false_names("call joanna", "call ann joanna", ["ann", "joanna", "zoe"]) == ["ann"]
    assert not holds("call joanna", "joan")
    assert not holds("call joanna", "anna")


def test_what_is_misheard_in_any_case_is_no_fault_of_the_list():
    class Played:
        def heard(self, spoken, lists):
            with_list = bool(lists(spoken[0]))
            return (["call ann frank", "play zoe"] if with_list else ["call franz frank", "play it"]), 0.0

    said = [spoken("call ian franks"), spoken("play it")]
    found = harm(Played(), said, ["ann", "frank", "zoe"])
    assert (found["false_inserts"], found["heard_without_the_list_as_well"]) == (2, 1)
    assert found["false_inserts_per_recording"] == 1.0
    assert (found["wer_without"], found["wer_with"]) == (2 / 5, 3 / 5)


def test_a_list_holds_what_is_said_and_a_hundred_names():
    pool = [f"n{index}" for index in range(130)]
    lists = one_list_each([spoken("call n7 and n8", "n7")], pool, seed=0)["call n7 and n8"]
    assert lists[0] == "n7"
    assert len(lists) == len(set(lists)) == 100
    assert "n8" not in lists


def test_a_name_and_a_sentence_are_taken_once():
    assert _one_a_name([("a b", "b"), ("c b", "b"), ("a b", "a"), ("c d", "d")]) == [
        ("a b", "b"),
        ("c d", "d"),
    ]
