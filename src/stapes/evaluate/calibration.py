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


def calibration_error(confidences: ArrayLike, right: ArrayLike) -> float:
    """Expected calibration error: mean distance between confidence and share right, over ten equal bins.

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.

    Args:
        confidences: [n] in [0, 1].
        right: [n] whether the word was right.

    Raises:
        CorpusError: there is no word.
    """
    sure, correct = _checked(confidences, right)
    bins = np.minimum((sure * BINS).astype(np.intp), BINS - 1)
    gaps = np.bincount(bins, sure - correct, BINS)
    return float(np.abs(gaps).sum() / len(sure))


def fit_calibration(
    posteriors: ArrayLike, right: ArrayLike, pieces: int = 12, least_words: int = 40
) -> tuple[list[float], list[float]]:
    """Where the pieces of a piecewise linear map from posterior to confidence meet, and its values there.

    Words are grouped by posterior, about as many in each group; the rates of the groups, drawn a little towards one
    half, are made to rise (isotonic regression: Zadrozny and Elkan, KDD 2002). Beyond the outer groups the map is flat.

    Args:
        posteriors: [n] in [0, 1].
        right: [n] whether the word was right.
        pieces: groups at most, at least 1.
        least_words: in a group, at least 1.

    Raises:
        CorpusError: there are fewer than ``least_words`` words.
    """
    sure, correct = _checked(posteriors, right)
    if len(sure) < least_words:
        raise CorpusError(f"calibration: {len(sure)} words; at least {least_words} are expected")
    order = np.argsort(sure, kind="stable")
    groups = np.array_split(order, min(pieces, len(sure) // least_words))
    blocks = _rising([(sure[group], correct[group]) for group in groups])
    points = [round(float(sure.mean()), _DIGITS) for sure, _ in blocks]
    values = [round(_rate(correct), _DIGITS) for _, correct in blocks]
    inner = [pair for pair in zip(points, values, strict=True) if 0.0 < pair[0] < 1.0]
    ends = [(0.0, values[0]), *inner, (1.0, values[-1])]
    return [point for point, _ in ends], [value for _, value in ends]


_Block = tuple[NDArray[np.float64], NDArray[np.float64]]


def _rising(groups: Sequence[_Block]) -> list[_Block]:
    """Neighbours put together until both their mean posteriors and their rates rise (pool adjacent violators)."""
    blocks: list[_Block] = []
    for group in groups:
        blocks.append(group)
        while len(blocks) > 1 and not _rises(*blocks[-2:]):
            later, earlier = blocks.pop(), blocks.pop()
            blocks.append((np.append(earlier[0], later[0]), np.append(earlier[1], later[1])))
    return blocks


def _rises(earlier: _Block, later: _Block) -> bool:
    apart = round(float(later[0].mean()), _DIGITS) > round(float(earlier[0].mean()), _DIGITS)
    return apart and _rate(later[1]) >= _rate(earlier[1])


def _rate(correct: NDArray[np.float64]) -> float:
    """Share right, with one word right and one wrong added."""
    return float((correct.sum() + 1) / (len(correct) + 2))


def _checked(confidences: ArrayLike, right: ArrayLike) -> _Block:
    sure, correct = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    if not len(sure):
        raise CorpusError("calibration: no words were heard; some are expected")
    return sure, correct
