import random
from pathlib import Path

import pytest

from stapes.corpus import Utterance, splits
from stapes.errors import CorpusError


def utterances(names: list[str | None], each: int = 3) -> list[Utterance]:
    return [
        Utterance(f"{name}-{take}", Path(f"{name}-{take}.wav"), "go", 1.0, name)
        for name in names
        for take in range(each)
    ]


def speakers(part: list[Utterance]) -> set[str | None]:
    return {utterance.speaker for utterance in part}


PEOPLE: list[str | None] = [f"person{number}" for number in range(74)]


@pytest.mark.parametrize(("split", "held_out"), [(splits.an4, 8), (splits.digits, 2)], ids=["an4", "digits"])
def test_a_fixed_number_of_speakers_is_held_out(split: object, held_out: int) -> None:
    assert callable(split)
    given = utterances(PEOPLE)
    train, dev = split(given)
    assert len(speakers(dev)) == held_out
    assert not speakers(train) & speakers(dev)
    assert sorted(u.id for u in [*train, *dev]) == sorted(u.id for u in given)


def test_about_a_fifth_of_the_word_speakers_is_held_out() -> None:
    train, test = splits.words(utterances(PEOPLE))
    assert not speakers(train) & speakers(test)
    assert 0.1 < len(speakers(test)) / 74 < 0.3


@pytest.mark.parametrize("split", [splits.an4, splits.words], ids=["an4", "words"])
def test_order_and_number_of_recordings_move_no_speaker(split: object) -> None:
    assert callable(split)
    shuffled = utterances(PEOPLE, each=1)
    random.Random(3).shuffle(shuffled)
    assert speakers(split(shuffled).held_out) == speakers(split(utterances(PEOPLE)).held_out)


def test_a_new_word_speaker_moves_no_other() -> None:
    before = speakers(splits.words(utterances(PEOPLE)).held_out)
    assert before <= speakers(splits.words(utterances([*PEOPLE, "new"])).held_out)


def test_sets_are_split_independently() -> None:
    assert not speakers(splits.digits(utterances(PEOPLE)).held_out) <= speakers(
        splits.an4(utterances(PEOPLE)).held_out
    )


def test_recordings_without_a_speaker_cannot_be_split() -> None:
    with pytest.raises(CorpusError, match="an4: None-0 names no speaker; every recording needs one"):
        splits.an4(utterances([*PEOPLE, None]))


def test_too_few_speakers_cannot_be_split() -> None:
    with pytest.raises(CorpusError, match="digits: 2 speakers were given; more than the 2 to hold out"):
        splits.digits(utterances(["anna", "bert"]))


def keyword(id: str) -> Utterance:
    return Utterance(id, Path(f"{id}.opus"), "alexa", 1.0)


def test_keyword_sides_share_no_recording_and_neighbours_of_the_boundary_are_on_neither() -> None:
    train, test = splits.keywords([keyword(f"alexa-{number}") for number in range(329)])
    train_numbers = {int(u.id.split("-")[1]) for u in train}
    test_numbers = {int(u.id.split("-")[1]) for u in test}
    assert test_numbers == set(range(285, 329))
    assert not train_numbers & set(range(276, 329))


def test_the_keyword_list_is_sound() -> None:
    test, left_out = splits._keyword_ids()
    assert (len(test), len(left_out)) == (337, 76)
    assert not test & left_out
    words = {id.split("-")[0] for id in test}
    assert words == {"alexa", "computer", "jarvis", "smart_mirror", "snowboy", "view_glass"}


def test_left_out_and_unknown_keyword_recordings() -> None:
    test, left_out = splits._keyword_ids()
    train, held_out = splits.keywords([keyword(min(test)), keyword(min(left_out)), keyword("mine-1")])
    assert [u.id for u in train] == ["mine-1"]
    assert [u.id for u in held_out] == [min(test)]
