import json
from pathlib import Path

import pytest

from stapes.corpus.recombine import Labelled, read_labelled, recombine
from stapes.errors import CorpusError

WAKE = Labelled("home", "wake me at six", (("time", 11, 14),))
TIMER = Labelled("home", "timer for Bob, 10 minutes!", (("name", 10, 13), ("time", 15, 25)))
CALL = Labelled("home", "call anna", (("name", 5, 9),))


def test_values_of_a_slot_meet_the_words_of_every_sentence():
    made = recombine([WAKE, TIMER, CALL], 100, ())
    times, names = ("six", "ten minutes"), ("bob", "anna")
    expected = {f"wake me at {time}" for time in times} | {f"call {name}" for name in names}
    expected |= {f"timer for {name} {time}" for name in names for time in times}
    assert set(made) == expected
    assert len(made) == len(expected)


def test_sources_do_not_exchange_values():
    other = Labelled("shop", "visit the butcher", (("name", 6, 17),))
    assert set(recombine([CALL, other], 100, ())) == {"call anna", "visit the butcher"}


def test_a_held_out_sentence_is_not_made_and_lends_neither_words_nor_values():
    made = recombine([WAKE, TIMER, CALL], 100, {"wake me at six", "timer for anna ten minutes"})
    assert set(made) == {"timer for bob ten minutes", "call anna", "call bob"}


def test_count_and_seed_decide_what_is_made():
    sentences = [Labelled("s", f"say word{number}", (("w", 4, 9 + number // 10),)) for number in range(20)]
    assert len(recombine(sentences, 7, ())) == 7
    assert recombine(sentences, 7, ()) == recombine(sentences, 7, ())
    assert recombine(sentences, 7, ()) != recombine(sentences, 7, (), seed=1)
    assert recombine([], 7, ()) == []


def test_long_sentences_are_left_out():
    long = Labelled("s", "a " * 16 + "x", (("w", 32, 33),))
    assert recombine([long], 5, ()) == []


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_reading_orders_slots_and_leaves_out_sentences_without_or_with_overlapping_ones(tmp_path: Path):
    slots = [{"slot": "b", "start": 5, "end": 6}, {"slot": "a", "start": 0, "end": 3}]
    overlapping = [{"slot": "a", "start": 0, "end": 4}, {"slot": "b", "start": 3, "end": 6}]
    path = lines(
        tmp_path / "home/train.jsonl",
        {"text": "one 2 3", "slots": slots},
        {"text": "nothing", "slots": []},
        {"text": "overlap", "slots": overlapping},
    )
    assert read_labelled(path) == [Labelled("home", "one 2 3", (("a", 0, 3), ("b", 5, 6)))]


@pytest.mark.parametrize("row", [[], {"slots": []}, {"text": "x", "slots": [{"slot": "a", "start": 0}]}])
def test_a_line_that_is_no_labelled_sentence_is_named(tmp_path: Path, row: object):
    path = lines(tmp_path / "home/train.jsonl", {"text": "fine", "slots": []}, row)
    with pytest.raises(
        CorpusError, match=r"train.jsonl, line 2: is no labelled sentence; text and slots with"
    ):
        read_labelled(path)
