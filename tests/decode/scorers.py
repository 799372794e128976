"""Scorers with known answers, and the enumeration that the searches are checked against.

Shapes: n frames, N contexts, J joint width, V vocabulary.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from stapes.decode import BLANK, INITIAL_CONTEXT, Context

PIECES = ("<blk>", "<unk>", "▁a", "▁b", "c", "d", "▁e", "f", "▁", "g")

Distribution = Callable[[int, Context], Sequence[float]]


class TableScorer:
    """Probabilities [V] by frame number and context; a frame [1] holds its number."""

    def __init__(self, distribution: Distribution, vocabulary: Sequence[str]) -> None:
        self.vocabulary = vocabulary
        self._distribution = distribution

    def predict(self, contexts: NDArray[np.int64]) -> NDArray[np.float32]:
        return contexts.astype(np.float32)

    def join(
        self, encoder_frame: NDArray[np.float32], predictions: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        rows = [self._distribution(int(encoder_frame[0]), (int(a), int(b))) for a, b in predictions]
        with np.errstate(divide="ignore"):
            return np.log(np.array(rows, dtype=np.float64)).astype(np.float32)


def numbered(count: int) -> NDArray[np.float32]:
    """Frames [n, 1] for a ``TableScorer``."""
    return np.arange(count, dtype=np.float32)[:, np.newaxis]


def random_table(seed: int, size: int, sparse: bool) -> TableScorer:
    """Random probabilities over the first ``size`` pieces; ``sparse`` makes many of them zero."""

    def distribution(frame: int, context: Context) -> NDArray[np.float64]:
        generator = np.random.default_rng([seed, frame, context[0] + 1, context[1]])
        weights = generator.exponential(size=size) ** 2
        if sparse:
            weights[generator.random(size) < 0.5] = 0.0
            weights[generator.choice([BLANK, *range(2, size)])] += 0.2
        return weights / weights.sum()

    return TableScorer(distribution, PIECES[:size])


def scripted(steps: Sequence[dict[int, float]], vocabulary: Sequence[str] = PIECES) -> TableScorer:
    """The same label probabilities whatever the context, one dictionary a frame; blank takes the rest."""

    def distribution(frame: int, context: Context) -> NDArray[np.float64]:
        return _row(steps[frame], len(vocabulary))

    return TableScorer(distribution, vocabulary)


def by_context(
    steps: Sequence[dict[Context, dict[int, float]]], vocabulary: Sequence[str] = PIECES
) -> TableScorer:
    """Label probabilities by context, one dictionary a frame; blank takes the rest."""

    def distribution(frame: int, context: Context) -> NDArray[np.float64]:
        return _row(steps[frame].get(context, {}), len(vocabulary))

    return TableScorer(distribution, vocabulary)


def _row(labels: dict[int, float], size: int) -> NDArray[np.float64]:
    row = np.zeros(size)
    for label, probability in labels.items():
        row[label] = probability
    row[BLANK] = max(0.0, 1.0 - row.sum())
    return row


class JointScorer:
    """A random network: tanh joint, linear output, log-softmax."""

    def __init__(
        self, seed: int, vocabulary: Sequence[str] = PIECES, width: int = 8, blank: float = 2.0
    ) -> None:
        generator = np.random.default_rng(seed)
        size = len(vocabulary)
        self.vocabulary = vocabulary
        self._embedding = generator.normal(size=(2, size, width)).astype(np.float32)
        self._output = generator.normal(size=(width, size)).astype(np.float32) * 2
        self._bias = np.zeros(size, dtype=np.float32)
        self._bias[BLANK] = blank

    def predict(self, contexts: NDArray[np.int64]) -> NDArray[np.float32]:
        older = self._embedding[0][contexts[:, 0]] * (contexts[:, :1] >= 0)
        return (older + self._embedding[1][contexts[:, 1]]).astype(np.float32)

    def join(
        self, encoder_frame: NDArray[np.float32], predictions: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        logits = np.tanh(encoder_frame + predictions) @ self._output + self._bias
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def random_frames(seed: int, count: int, width: int = 8) -> NDArray[np.float32]:
    """Frames [n, J] for a ``JointScorer``."""
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def alignment_probabilities(scorer: TableScorer, count: int) -> dict[tuple[int, ...], list[float]]:
    """For each label sequence the probability of each of its alignments to ``count`` frames."""
    symbols = [label for label, piece in enumerate(scorer.vocabulary) if piece != "<unk>"]
    found: dict[tuple[int, ...], list[float]] = defaultdict(list)
    rows: dict[tuple[int, Context], NDArray[np.float32]] = {}
    for alignment in itertools.product(symbols, repeat=count):
        context, log_prob = INITIAL_CONTEXT, 0.0
        for frame, symbol in enumerate(alignment):
            if (frame, context) not in rows:
                prediction = scorer.predict(np.array([context]))
                rows[frame, context] = scorer.join(np.array([frame], dtype=np.float32), prediction)[0]
            log_prob += float(rows[frame, context][symbol])
            context = context if symbol == BLANK else (context[1], symbol)
        found[tuple(symbol for symbol in alignment if symbol != BLANK)].append(math.exp(log_prob))
    return found
