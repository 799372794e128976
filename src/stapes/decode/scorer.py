"""What a search asks of a model, and the cache of its predictor.

Shapes: N contexts, J joint width, V vocabulary.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stapes.errors import ConfigError

Context = tuple[int, int]

BLANK = 0
"""Label that emits nothing."""

INITIAL_CONTEXT: Context = (-1, BLANK)
"""Context before the first label; -1 embeds as zeros."""

UNKNOWN_PIECE = "<unk>"
"""Text of the label that a search never emits."""

CACHED_CONTEXTS = 1024
"""Bound on the predictor rows that a search keeps (1.3 MB at J = 320)."""


class Scorer(Protocol):
    """A transducer with a stateless predictor (the last two labels) and at most one symbol a frame."""

    @property
    def vocabulary(self) -> Sequence[str]:
        """The V pieces by label; label 0 is blank, U+2581 at the start of a piece begins a word."""

    def predict(self, contexts: NDArray[np.int64]) -> NDArray[np.float32]:
        """Predictor output [N, J] of ``contexts`` [N, 2], older label first; rows are independent."""

    def join(
        self, encoder_frame: NDArray[np.float32], predictions: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Normalised log-probabilities [N, V] of one encoder frame [J] joined with ``predictions`` [N, J]."""


class PredictionCache:
    """Predictor rows by context, at most ``CACHED_CONTEXTS`` of them; the oldest leaves first.

    Rows are asked for one at a time: a matrix product may round differently for another number of rows, and a
    result must not depend on what else was decoded before.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._rows: dict[Context, NDArray[np.float32]] = {}

    def rows(self, contexts: Sequence[Context]) -> NDArray[np.float32]:
        """Predictor output [N, J] of N ``contexts``."""
        return np.concatenate([self._row(context) for context in contexts])

    def _row(self, context: Context) -> NDArray[np.float32]:
        row = self._rows.get(context)
        if row is None:
            row = self._scorer.predict(np.array([context], dtype=np.int64))
            if len(self._rows) >= CACHED_CONTEXTS:
                del self._rows[next(iter(self._rows))]
            self._rows[context] = row
        return row


def unemittable(vocabulary: Sequence[str]) -> NDArray[np.bool_]:
    """Mask [V] of the labels that a search never emits as text: blank and every ``<unk>``."""
    mask = np.array([piece == UNKNOWN_PIECE for piece in vocabulary])
    mask[BLANK] = True
    return mask


def require_at_least(name: str, value: float, least: float) -> None:
    """Raise ConfigError unless the setting ``name`` is ``least`` or more; not-a-number is refused too."""
    if not value >= least:
        raise ConfigError(f"search: {name} is {value}; {least} or more is accepted")
