"""Whether words are as often right as they are said to be sure, and the map that makes them so.

Letters: n words.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stapes.errors import CorpusError, MissingExtraError

BINS = 10
_DIGITS = 6


def right_words(reference: str, hypothesis: str) -> list[bool]:
    """Whether each word of ``hypothesis`` is one of ``reference`` in an alignment with the fewest errors.

    Raises:
        MissingExtraError: jiwer is not installed.
    """
    try:
        import jiwer
    except ImportError:
        raise MissingExtraError("jiwer", "evaluate", "Scoring") from None
    right = [False] * len(hypothesis.split())
    chunks: list[Any] = jiwer.process_words(reference, hypothesis).alignments[0]
    for chunk in chunks:
        if chunk.type == "equal":
            right[chunk.hyp_start_idx : chunk.hyp_end_idx] = [True] * (
                chunk.hyp_end_idx - chunk.hyp_start_idx
            )
    return right


def calibration_error(confidences: ArrayLike, right: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Expected calibration error: mean distance between confidence and share right, over ten equal bins.

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.

    Args:
        confidences: [n] in [0, 1].
        right: [n] whether the word was right.
        weights: [n] how much each word counts, above 0; all the same by default.

    Raises:
        CorpusError: there is no word.
    """
    sure, correct, weight = _checked(confidences, right, weights)
    bins = np.minimum((sure * BINS).astype(np.intp), BINS - 1)
    gaps = np.bincount(bins, weight * (sure - correct), BINS)
    return float(np.abs(gaps).sum() / len(sure))


def fit_calibration(
    posteriors: ArrayLike,
    right: ArrayLike,
    weights: ArrayLike | None = None,
    pieces: int = 12,
    least_words: int = 40,
) -> tuple[list[float], list[float]]:
    """Where the pieces of a piecewise linear map from posterior to confidence meet, and its values there.

    Words are grouped by posterior, about as many in each group; the rates of the groups, drawn a little towards one
    half, are made to rise (isotonic regression: Zadrozny and Elkan, KDD 2002). Beyond the outer groups the map is flat.

    Args:
        posteriors: [n] in [0, 1].
        right: [n] whether the word was right.
        weights: [n] how much each word counts, above 0; all the same by default.
        pieces: groups at most, at least 1.
        least_words: in a group, at least 1.

    Raises:
        CorpusError: there are fewer than ``least_words`` words.
    """
    words = _checked(posteriors, right, weights)
    sure = words[0]
    if len(sure) < least_words:
        raise CorpusError(f"calibration: {len(sure)} words; at least {least_words} are expected")
    groups = _grouped(sure, min(pieces, len(sure) // least_words))
    blocks = _rising([(words[0][group], words[1][group], words[2][group]) for group in groups])
    points = [_mean(block) for block in blocks]
    values = [_rate(block) for block in blocks]
    inner = [pair for pair in zip(points, values, strict=True) if 0.0 < pair[0] < 1.0]
    ends = [(0.0, values[0]), *inner, (1.0, values[-1])]
    return [point for point, _ in ends], [value for _, value in ends]


_Block = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Posteriors, whether right, and weights of some words."""


def _grouped(sure: NDArray[np.float64], count: int) -> list[NDArray[np.intp]]:
    """Indices of at most ``count`` groups of rising posteriors; equal ones are in the same group."""
    order = np.argsort(sure, kind="stable")
    cuts = sure[order][np.arange(1, count) * len(sure) // count]
    return [group for group in np.split(order, np.searchsorted(sure[order], np.unique(cuts))) if len(group)]


def _rising(groups: Sequence[_Block]) -> list[_Block]:
    """Neighbours put together until both their mean posteriors and their rates rise (pool adjacent violators)."""
    blocks: list[_Block] = []
    for group in groups:
        blocks.append(group)
        while len(blocks) > 1 and not _rises(*blocks[-2:]):
            later, earlier = blocks.pop(), blocks.pop()
            joined = [np.append(one, other) for one, other in zip(earlier, later, strict=True)]
            blocks.append((joined[0], joined[1], joined[2]))
    return blocks


def _rises(earlier: _Block, later: _Block) -> bool:
    return _mean(later) > _mean(earlier) and _rate(later) >= _rate(earlier)


def _mean(block: _Block) -> float:
    sure, _, weight = block
    return round(float(np.average(sure, weights=weight)), _DIGITS)


def _rate(block: _Block) -> float:
    """Share right, with one word right and one wrong added."""
    _, correct, weight = block
    return round(float((correct @ weight + 1) / (weight.sum() + 2)), _DIGITS)


def _checked(confidences: ArrayLike, right: ArrayLike, weights: ArrayLike | None) -> _Block:
    """The three as arrays, with a mean weight of 1."""
    sure, correct = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    if not len(sure):
        raise CorpusError("calibration: no words were heard; some are expected")
    weight = np.ones(len(sure)) if weights is None else np.asarray(weights, np.float64)
    return sure, correct, weight / weight.mean()
