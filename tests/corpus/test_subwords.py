import io
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from stapes.corpus import Subwords
from stapes.corpus.subwords import LETTERS, MIN_VOCABULARY
from stapes.errors import CorpusError

PLACES = ["kitchen", "garden", "bedroom", "hall", "office", "garage"]
THINGS = ["light", "lamp", "radio", "heating", "music", "alarm"]
SIZE = 42
TEXTS = [
    f"turn {way} the {thing} in the {place}" for way in ("on", "off") for thing in THINGS for place in PLACES
]


@pytest.fixture(scope="module")
def subwords() -> Subwords:
    return Subwords.train(TEXTS, vocab_size=SIZE)


def test_special_units_come_first_and_every_letter_is_a_unit(subwords: Subwords) -> None:
    assert len(subwords) == SIZE == len(subwords.pieces)
    assert subwords.pieces[:2] == ["<blk>", "<unk>"]
    assert set(LETTERS) <= set(subwords.pieces)
    assert "he" in subwords.pieces


@given(st.lists(st.text(alphabet=LETTERS, min_size=1, max_size=8), max_size=5))
def test_every_normalised_text_comes_back_and_holds_no_special_unit(
    subwords: Subwords, words: list[str]
) -> None:
    text = " ".join(words)
    ids = subwords.encode(text)
    assert all(unit >= 2 for unit in ids)
    assert subwords.decode(ids) == text


def test_the_order_of_the_texts_does_not_matter(subwords: Subwords) -> None:
    assert Subwords.train(reversed(TEXTS), vocab_size=SIZE).to_bytes() == subwords.to_bytes()


def test_bytes_and_files_bring_the_units_back(subwords: Subwords, tmp_path: Path) -> None:
    (tmp_path / "units.model").write_bytes(subwords.to_bytes())
    for again in (Subwords.from_bytes(subwords.to_bytes()), Subwords.load(tmp_path / "units.model")):
        assert again.pieces == subwords.pieces
        assert again.encode(TEXTS[0]) == subwords.encode(TEXTS[0])


def test_blank_and_unknown_add_nothing(subwords: Subwords) -> None:
    assert subwords.decode([0, *subwords.encode("lamp"), 1, 0]) == "lamp"
    assert subwords.decode([]) == ""


@pytest.mark.parametrize("unit", [-1, SIZE])
def test_a_unit_out_of_range_is_refused(subwords: Subwords, unit: int) -> None:
    with pytest.raises(CorpusError, match=rf"subwords: unit {unit} was given; 0 to {SIZE - 1} are expected"):
        subwords.decode([5, unit])


def test_wrong_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="3 bytes that are no sentencepiece model"):
        Subwords.from_bytes(b"abc")
    with pytest.raises(CorpusError, match=r"none.model: cannot be read \(No such file or directory\)"):
        Subwords.load(tmp_path / "none.model")


def test_a_model_with_other_special_units_is_refused() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_writer=model, vocab_size=35, minloglevel=2
    )
    with pytest.raises(
        CorpusError, match=r"units 0 and 1 are \['<unk>', '<s>'\]; <blk> and <unk> are expected"
    ):
        Subwords.from_bytes(model.getvalue())


def test_training_says_what_is_missing() -> None:
    with pytest.raises(CorpusError, match="no text was given"):
        Subwords.train(["", ""], 256)
    with pytest.raises(
        CorpusError, match=f"a vocabulary of 10 was asked for; at least {MIN_VOCABULARY} is expected"
    ):
        Subwords.train(TEXTS, 10)
    with pytest.raises(CorpusError, match="1 sentences give no 300 units: Vocabulary size too high"):
        Subwords.train(["turn on the light"], 300)
