"""Text to pieces, against every way to cut a word and against sentencepiece."""

import itertools
import re
from pathlib import Path

import pytest

from stapes.corpus import Subwords, normalise
from stapes.decode import Segmenter

ROOT = Path(__file__).parents[2]


def cuts(text):
    for marks in itertools.product((False, True), repeat=len(text) - 1):
        ends = [index + 1 for index, mark in enumerate(marks) if mark]
        yield [text[a:b] for a, b in itertools.pairwise([0, *ends, len(text)])]


@pytest.mark.parametrize("text", ["a", "banana", "bandana ban", "nab"])
def test_no_other_pieces_are_cheaper(text):
    vocabulary = ["<blk>", "<unk>", "n", "a", "▁ba", "an", "▁b", "d", "nan", "▁", "▁a", "ban", "b", "ana"]
    segmenter = Segmenter(vocabulary)
    marked = "".join(f"▁{word}" for word in text.split())
    own = {piece: segmenter.costs(piece)[-1] for piece in vocabulary[2:]}
    found = [sum(own[piece] for piece in cut) for cut in cuts(marked) if all(piece in own for piece in cut)]
    labels = segmenter.segment(text)
    assert "".join(vocabulary[label] for label in labels) == marked
    assert segmenter.costs(marked)[-1] == pytest.approx(min(found))
    assert sum(own[vocabulary[label]] for label in labels) == pytest.approx(min(found))


def test_a_rarer_piece_costs_more():
    costs = [Segmenter(["<blk>", "<unk>", "a", "b", "c"]).costs(piece)[-1] for piece in "abc"]
    assert costs == sorted(costs)
    assert len(set(costs)) == 3


def test_blank_and_unknown_are_no_pieces():
    segmenter = Segmenter(["<blk>", "<unk>", "▁", "<", "b", "l", "k", ">"])
    assert segmenter.segment("<blk>") == [2, 3, 4, 5, 6, 7]


def test_what_no_pieces_spell_has_none():
    segmenter = Segmenter(["<blk>", "<unk>", "▁a", "b"])
    assert segmenter.segment("ab c") is None
    assert segmenter.segment("ab") == [2, 3]
    assert segmenter.segment("") == []


def test_nearly_all_words_get_the_pieces_of_sentencepiece():
    # Texts that never change: what is learned, and how closely it is met, depends on every word.
    paths = (ROOT / "LICENSE", ROOT / "tests" / "data" / "an4" / "LICENSE")
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    sentences = [normalise(sentence) for sentence in re.split(r"[.\n]", text)]
    subwords = Subwords.train(sentences, vocab_size=256)
    segmenter = Segmenter(subwords.pieces)
    words = sorted({word for sentence in sentences for word in sentence.split()})
    same = sum(segmenter.segment(word) == subwords.encode(word) for word in words)
    assert len(words) > 500
    assert same / len(words) > 0.97
