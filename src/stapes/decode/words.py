"""Pieces to words."""

from collections.abc import Sequence

WORD_MARK = "\N{LOWER ONE EIGHTH BLOCK}"
"""First character of a piece that begins a word (SentencePiece)."""


class Spelling:
    """Reads label sequences as words.

    Args:
        vocabulary: the V pieces by label.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._begins = [piece.startswith(WORD_MARK) for piece in vocabulary]
        self._texts = [piece.removeprefix(WORD_MARK) for piece in vocabulary]

    def begins(self, label: int) -> bool:
        """Whether ``label`` begins a word wherever it stands."""
        return self._begins[label]

    def spans(self, labels: Sequence[int]) -> list[tuple[int, int]]:
        """Half-open ranges of ``labels``, one a word; the first label begins a word whatever its piece."""
        starts = [index for index, label in enumerate(labels) if index == 0 or self._begins[label]]
        return list(zip(starts, [*starts[1:], len(labels)], strict=True)) if starts else []

    def text(self, labels: Sequence[int]) -> str:
        """The pieces joined; empty for a word mark on its own."""
        return "".join(self._texts[label] for label in labels)
