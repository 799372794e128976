import re

import pytest

from stapes.corpus import normalise
from stapes.corpus.drills import drills
from stapes.errors import CorpusError

SENTENCES = ["Play O'Neil's jazz", "wake me at 7"]
WORDS = {"play", "o'neil's", "jazz", "wake", "me", "at", "seven"}


@pytest.fixture(scope="module")
def made() -> list[str]:
    return drills(SENTENCES, 600)


def test_as_many_as_asked_for_each_once_in_spoken_form(made: list[str]):
    assert len(made) == len(set(made)) == 600
    assert [normalise(drill) for drill in made] == made
    assert all(made)


def test_words_come_alone_spelled_and_in_any_order(made: list[str]):
    assert set(made) >= WORDS
    assert "j a z z" in made
    assert any(drill.endswith("o n e i l s") for drill in made)
    phrases = [drill.split() for drill in made if set(drill.split()) <= WORDS]
    assert {len(phrase) for phrase in phrases} >= {2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w+ )?((zero|one|two|three|four|five|six|seven|eight|nine) ){3,}\w+",
        r"(march|july) twenty (first|second|third|fourth)( nineteen .*| two thousand .*| twenty .*)?",
        r"(at )?\w+ (oh )?\w+ (p|a) m",
        r"(enter|erase|go|dial|code) [a-z]( [a-z])* \w+.*",
        r".* jazz (street|avenue|road|drive|lane)",
    ],
)
def test_each_kind_is_there(made: list[str], pattern: str):
    assert any(re.fullmatch(pattern, drill) for drill in made)


def test_the_seed_decides(made: list[str]):
    assert drills(SENTENCES, 600) == made
    assert drills(SENTENCES, 600, seed=1) != made


@pytest.mark.parametrize("sentences", [[], ["play"]])
def test_too_few_words_are_one_sentence(sentences: list[str]):
    with pytest.raises(CorpusError, match=r"drills: 101 are asked for, of [01] different words; at most 100"):
        drills(sentences, 101)
