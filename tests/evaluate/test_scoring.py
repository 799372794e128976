"""Error counts against cases worked out by hand."""

import sys

import pytest

from stapes.errors import CorpusError, MissingExtraError
from stapes.evaluate import Confusion, Pair, evaluate, score


def pair(reference: str, hypothesis: str, speaker: str | None = None, set_: str | None = None) -> Pair:
    return Pair("x", reference, hypothesis, speaker, set_)


def test_each_kind_of_error_is_counted() -> None:
    result = score(
        [pair("a b c d", "a x c d"), pair("turn it on", "turn on"), pair("stop", "please stop now")]
    )
    assert (result.substitutions, result.deletions, result.insertions) == (1, 1, 2)
    assert (result.utterances, result.exact, result.words) == (3, 0, 8)
    assert result.wer == 4 / 8


def test_characters_count_spaces_but_not_surplus_ones() -> None:
    result = score([pair("on  off ", "on of")])
    assert (result.characters, result.character_errors) == (6, 1)
    assert result.cer == 1 / 6


def test_recordings_heard_without_error_are_the_accuracy() -> None:
    result = score(
        [pair("alexa", "alexa"), pair("jarvis", "service"), pair("computer", "computer"), pair("", "")]
    )
    assert result.accuracy == 3 / 4


def test_silence_has_insertions_and_no_rate() -> None:
    result = score([pair("", "uh oh"), pair("", "")])
    assert (result.insertions, result.wer, result.cer, result.interval) == (2, None, None, None)


def test_groups_and_confusions() -> None:
    report = evaluate(
        [
            pair("five nine", "nine nine", "ann", "digits"),
            pair("five", "nine", "bob", "digits"),
            pair("stop", "stop", None, "words"),
            pair("go", "", "ann", "words"),
        ]
    )
    assert report.by_speaker["ann"].word_errors == 2
    assert report.by_speaker["bob"].wer == 1
    assert list(report.by_speaker) == ["ann", "bob"]
    assert report.by_set["words"].deletions == 1
    assert report.by_set["words"].utterances == 2
    assert report.confusions == (Confusion("five", "nine", 2), Confusion("go", "", 1))


def test_only_the_most_frequent_confusions_are_kept() -> None:
    pairs = [pair("a", "b"), pair("a", "b"), pair("c", "d"), pair("e", "f")]
    assert [entry.count for entry in evaluate(pairs, confusions=2).confusions] == [2, 1]


def test_the_interval_contains_the_rate_and_narrows_with_more_recordings() -> None:
    few = [pair("a b c d", "a b c d"), pair("a b c d", "a b c x")] * 10
    narrow = score(few * 25).interval
    wide = score(few).interval
    assert wide is not None and narrow is not None
    assert wide[0] < narrow[0] < 0.125 < narrow[1] < wide[1]
    # Binomial theory: the standard error of 20 recordings with 0 or 1 error of 4 words is 0.125 / sqrt(20).
    assert wide[1] - wide[0] == pytest.approx(2 * 1.96 * 0.125 / 20**0.5, rel=0.2)
    assert score(few).interval == wide


def test_one_recording_has_no_interval() -> None:
    assert score([pair("a b", "a")]).interval is None


def test_nothing_to_score_is_an_error() -> None:
    with pytest.raises(CorpusError, match="nothing to score: the list of recordings is empty"):
        score([])


def test_a_missing_jiwer_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jiwer", None)
    with pytest.raises(
        MissingExtraError, match=r"Scoring needs the package jiwer: pip install 'stapes\[evaluate\]'"
    ):
        score([pair("a", "a")])
