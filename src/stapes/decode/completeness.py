"""How often a sentence that reads like this is finished: a table of log-odds, fitted on texts.

The words so far are described by a handful of hashed features, each with a weight: a maximum-entropy model (Berger,
Della Pietra and Della Pietra, 1996) with hashing (Weinberger et al., 2009) that takes a fixed few kilobytes for any
number of texts.

Shapes: B buckets.
"""

import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LONGEST_COUNT = 12
_LONGEST_PATTERN = 6
_SHAPE_WORDS = 5
_SHAPE_COUNT = 8
_LONGEST_SHAPE = 3


def text_features(words: Sequence[str], buckets: int) -> list[int]:
    """Buckets, in [0, ``buckets``), of what is looked at in ``words``, of which there is at least one.

    These are the last word, the last two and three, the first with the last, the number of words, the first with
    the number, and how long the last five are, with the number: spelled names and numbers have a shape. How the
    last word ends and what stands before it tell something where the word is rare or misheard.
    """
    padded = ["^", "^", *words]
    count = len(words)
    keys = [
        *(" ".join(padded[-order:]) for order in (1, 2, 3)),
        f"{words[0]}+{words[-1]}",
        f"#{min(count, _LONGEST_COUNT)}",
        f"#{words[0]} {min(count, _LONGEST_PATTERN)}",
        f"~{_shape(words)} {min(count, _SHAPE_COUNT)}",
        *(f"${words[-1][-letters:]}" for letters in (2, 3)),
        *(f"< {' '.join(padded[-1 - order : -1])}" for order in (1, 2)),
    ]
    return [zlib.crc32(key.encode()) % buckets for key in keys]


def _shape(words: Sequence[str]) -> str:
    """How many letters, at most three, each of the last words has."""
    return " ".join(str(min(len(word), _LONGEST_SHAPE)) for word in words[-_SHAPE_WORDS:])


class Completeness:
    """Log-odds that a text is finished.

    Args:
        weights: [B] of the features.
        bias: added to their sum.
    """

    def __init__(self, weights: NDArray[np.float32], bias: float) -> None:
        self._weights, self._bias = weights, bias

    def log_odds(self, words: Sequence[str]) -> float:
        """That nothing follows ``words``; minus infinity where there are none."""
        if not words:
            return -math.inf
        return self._bias + float(self._weights[text_features(words, len(self._weights))].sum())
