"""How each set is parted into training, development and test without a speaker on two sides.

Every split is a function of ids and speakers alone, so that adding, losing or reordering recordings moves no
speaker. How the keyword recordings, which name no speakers, were attributed is told in ``docs/corpora.md``.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from stapes.corpus.manifest import Utterance
from stapes.errors import CorpusError

AN4_DEV_SPEAKERS = 8
DIGIT_TEST_SPEAKERS = 2
# One word speaker in five; most of them said only one word.
_WORD_TEST_SHARE = 0.2


class Split(NamedTuple):
    """Two lists without a speaker in common."""

    train: list[Utterance]
    held_out: list[Utterance]


def an4(utterances: Sequence[Utterance]) -> Split:
    """AN4's training part: eight speakers are held out for development."""
    return _hold_out(utterances, AN4_DEV_SPEAKERS, "an4")


def digits(utterances: Sequence[Utterance]) -> Split:
    """The digits: two speakers are held out for test."""
    return _hold_out(utterances, DIGIT_TEST_SPEAKERS, "digits")


def words(utterances: Sequence[Utterance]) -> Split:
    """The single words: about one speaker in five is held out for test, each by a hash of the name alone."""
    limit = int(_WORD_TEST_SHARE * 2**256)
    speakers = _speakers(utterances, "words")
    return _part(utterances, {name for name in speakers if _hash(name, "words") < limit})


def keywords(utterances: Iterable[Utterance]) -> Split:
    """The keyword recordings: six speakers of five words each and the last of "alexa" are held out.

    Recordings that resemble a test speaker too closely appear on neither side. Ids that are not known
    (recordings of one's own) are trained on.
    """
    test, left_out = _keyword_ids()
    kept = [utterance for utterance in utterances if utterance.id not in left_out]
    return Split(
        [utterance for utterance in kept if utterance.id not in test],
        [utterance for utterance in kept if utterance.id in test],
    )


@cache
def _keyword_ids() -> tuple[frozenset[str], frozenset[str]]:
    table = json.loads(resources.files("stapes.corpus").joinpath("keyword_split.json").read_text("utf-8"))
    return frozenset(table["test"]), frozenset(table["left_out"])


def _hold_out(utterances: Sequence[Utterance], count: int, set_name: str) -> Split:
    speakers = sorted(_speakers(utterances, set_name), key=lambda name: _hash(name, set_name))
    if len(speakers) <= count:
        raise CorpusError(
            f"{set_name}: {len(speakers)} speakers were given; more than the {count} to hold out are expected"
        )
    return _part(utterances, set(speakers[:count]))


def _part(utterances: Sequence[Utterance], held_out: Collection[str]) -> Split:
    return Split(
        [utterance for utterance in utterances if utterance.speaker not in held_out],
        [utterance for utterance in utterances if utterance.speaker in held_out],
    )


def _speakers(utterances: Sequence[Utterance], set_name: str) -> set[str]:
    speakers = set()
    for utterance in utterances:
        if utterance.speaker is None:
            raise CorpusError(
                f"{set_name}: {utterance.id} names no speaker; every recording needs one to be split"
            )
        speakers.add(utterance.speaker)
    return speakers


def _hash(name: str, salt: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{salt}:{name}".encode()).digest(), "big")
