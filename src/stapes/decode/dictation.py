"""Forced alignment: when the words of a known text are heard."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from stapes.decode.scorer import BLANK, UNKNOWN_PIECE
from stapes.decode.words import WORD_MARK


class Dictation:
    """Expects one text and nothing else, spelled with any pieces; a `stapes.decode.Expectation`.

    The search that is given it aligns the text: its words and their frames are the result. A wide beam is needed,
    since the search has to go through whatever the model did not hear. Where it fails the result is the longest
    beginning of the text that stayed in the beam.

    Args:
        vocabulary: the V pieces by label.
        text: words with single spaces between them.
    """

    def __init__(self, vocabulary: Sequence[str], text: str) -> None:
        self._text = "".join(WORD_MARK + word for word in text.split())
        self._pieces = ["" if piece == UNKNOWN_PIECE else piece for piece in vocabulary]
        self._pieces[BLANK] = ""

    def start(self) -> int:
        """The beginning of the text; a state is a place in it."""
        return 0

    def scores(self, state: Hashable) -> NDArray[np.float32]:
        """[V] 0 for every piece that goes on with the text, minus infinity for the others."""
        place = int(str(state))
        goes_on = [bool(piece) and self._text.startswith(piece, place) for piece in self._pieces]
        return np.where(goes_on, 0.0, -np.inf).astype(np.float32)

    def step(self, state: Hashable, label: int) -> int:
        """The place after ``label``."""
        return int(str(state)) + len(self._pieces[label])

    def final(self, state: Hashable) -> float:
        """0 at the end of the text, minus infinity before it."""
        return 0.0 if state == len(self._text) else -np.inf
