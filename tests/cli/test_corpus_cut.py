"""``stapes corpus cut``: words out of real recordings of sentences."""

import re
from pathlib import Path

import pytest

from stapes.cli import main
from stapes.corpus import read_manifest, write_manifest

AN4 = Path(__file__).parents[1] / "data" / "an4" / "manifest.jsonl"


def test_words_are_cut_out_of_what_is_heard_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cuts" / "an4.jsonl"
    assert main(["corpus", "cut", str(AN4), str(out), "--least-letters", "1"]) == 0
    sentences = {utterance.id: utterance for utterance in read_manifest(AN4)}
    cuts = read_manifest(out, check_audio=True)
    assert len(cuts) >= 5
    for each in cuts:
        whole = sentences[each.id.rsplit("-", 2)[0]]
        first, count = map(int, each.id.rsplit("-", 2)[1:])
        assert each.text.split() == whole.text.split()[first : first + count]
        assert each.speaker == whole.speaker
        assert 0 <= each.start < each.start + each.duration <= whole.duration + 0.1
    told = capsys.readouterr().out
    assert re.fullmatch(rf"{out}: {len(cuts)} cuts, 0.00 h, \d speakers, from \d of 6 recordings, .*\n", told)


def test_short_words_and_many_alike_are_left_out(tmp_path: Path) -> None:
    out = tmp_path / "cuts.jsonl"
    assert main(["corpus", "cut", str(AN4), str(out), "--most", "1"]) == 0
    texts = [each.text for each in read_manifest(out)]
    assert min(map(len, texts)) >= 3
    assert len(set(texts)) == len(texts)


def test_where_no_word_is_heard_one_sentence_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.jsonl"
    write_manifest(other, read_manifest(AN4)[:0])
    assert main(["corpus", "cut", str(other), str(tmp_path / "cuts.jsonl")]) == 2
    assert not (tmp_path / "cuts.jsonl").exists()
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"stapes: error: {other}: no word is heard that could be cut out; recordings of sentences are expected"
    )
