"""Subword units: a sentencepiece unigram model whose unit 0 is the blank of the transducer.

Kudo, "Subword Regularization" (ACL 2018), arXiv:1804.10959.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from stapes.errors import CorpusError, MissingExtraError

BLANK_ID = 0
UNKNOWN_ID = 1
LETTERS = "abcdefghijklmnopqrstuvwxyz'"
# blank, unknown, the word mark and every letter
MIN_VOCABULARY = len(LETTERS) + 3


class Subwords:
    """Text in spoken form to unit ids and back.

    Unit 0 is ``<blk>`` (never produced by ``encode``), unit 1 is ``<unk>``; every letter and the apostrophe
    is a unit, so no normalised text holds an unknown. A unit that begins a word begins with ``▁``.
    """

    def __init__(self, model: bytes) -> None:
        self._model = bytes(model)
        try:
            self._processor = _import_sentencepiece().SentencePieceProcessor(model_proto=self._model)
        except RuntimeError:
            raise CorpusError(
                f"subwords: {len(model)} bytes that are no sentencepiece model were given"
            ) from None
        size = self._processor.get_piece_size()
        self._pieces = [str(self._processor.id_to_piece(unit)) for unit in range(size)]
        if self._pieces[:2] != ["<blk>", "<unk>"]:
            raise CorpusError(f"subwords: units 0 and 1 are {self._pieces[:2]}; <blk> and <unk> are expected")

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int = 500) -> Self:
        """Learn units from texts in spoken form; the same texts give the same bytes.

        Args:
            texts: normalised sentences.
            vocab_size: units, blank and unknown included; 256 to 512 serve a small recogniser, at least 30.

        Raises:
            CorpusError: there is no text, or the texts are too few for so many units.
        """
        sentences = sorted(text for text in texts if text)
        if not sentences:
            raise CorpusError("subwords: no text was given; at least one sentence is expected")
        if vocab_size < MIN_VOCABULARY:
            raise CorpusError(
                f"subwords: a vocabulary of {vocab_size} was asked for; at least {MIN_VOCABULARY} is expected"
            )
        return cls(_train(sentences, vocab_size))

    @classmethod
    def from_bytes(cls, model: bytes) -> Self:
        """The units stored by ``to_bytes``.

        Raises:
            CorpusError: the bytes are no sentencepiece model, or one with other special units.
        """
        return cls(model)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The units stored in the file at ``path``.

        Raises:
            CorpusError: the file is missing or no such model.
        """
        try:
            return cls(Path(path).read_bytes())
        except OSError as error:
            raise CorpusError(
                f"{path}: cannot be read ({error.strerror}); a subword model is expected"
            ) from None

    def to_bytes(self) -> bytes:
        """The sentencepiece model, for ``from_bytes``."""
        return self._model

    def encode(self, text: str) -> list[int]:
        """Ids of the units of ``text``, each in [1, len(self))."""
        return [int(unit) for unit in self._processor.encode(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ``ids``; blanks and unknowns add nothing.

        Raises:
            CorpusError: an id is outside [0, len(self)).
        """
        for unit in ids:
            if not 0 <= unit < len(self._pieces):
                raise CorpusError(
                    f"subwords: unit {unit} was given; 0 to {len(self._pieces) - 1} are expected"
                )
        pieces = [self._pieces[unit] for unit in ids if unit not in (BLANK_ID, UNKNOWN_ID)]
        return " ".join("".join(pieces).replace("▁", " ").split())

    @property
    def pieces(self) -> list[str]:
        """The units as written, indexed by id."""
        return list(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)


def _train(sentences: list[str], vocab_size: int) -> bytes:
    sentencepiece = _import_sentencepiece()
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocab_size,
            character_coverage=1.0,
            required_chars=LETTERS,
            normalization_rule_name="identity",
            pad_id=BLANK_ID,
            pad_piece="<blk>",
            unk_id=UNKNOWN_ID,
            bos_id=-1,
            eos_id=-1,
            num_threads=1,  # the sums of several threads depend on their timing
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).split("] ")[-1].strip() or str(error)
        raise CorpusError(
            f"subwords: {len(sentences)} sentences give no {vocab_size} units: {reason}"
        ) from None
    return model.getvalue()


def _import_sentencepiece() -> Any:
    try:
        import sentencepiece
    except ImportError:
        raise MissingExtraError("sentencepiece", "train", "Splitting text into subwords") from None
    return sentencepiece
