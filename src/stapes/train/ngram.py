"""N-gram model over labels: interpolated Kneser–Ney with three discounts per order.

Chen & Goodman, «An empirical study of smoothing techniques for language modeling», TR-10-98, 1998. Label 0, which
never stands for text, is the boundary: every sentence begins and ends with it. What hardly matters is left out by its
relative entropy: Stolcke, «Entropy-based pruning of backoff language models», 1998, arXiv:cs/0006025; how often a
context occurs is counted, since lower orders of Kneser–Ney tell nothing of it (Chelba et al., Interspeech 2010).

Letters: K n-grams of one order. An n-gram is one int64, ``_BITS`` bits a label, the oldest label highest.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.errors import ConfigError

BOUNDARY = 0
_BITS = 10
MAX_ORDER = 63 // _BITS
MAX_LABEL = 2**_BITS - 1

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """The n-grams of one order.

    Attributes:
        labels: [K, n] in rising order.
        log_probs: [K] natural log-probability of the last label after the others, at most 0.
        backoffs: [K] natural log weight of shorter contexts where this n-gram is the context; 0 at the highest order.
    """

    labels: Ints
    log_probs: Floats
    backoffs: Floats


def estimate(
    sentences: Iterable[Sequence[int]],
    vocabulary: int,
    order: int = 5,
    least_count: int = 1,
    least_entropy: float = 0.0,
) -> tuple[Order, ...]:
    """The n-gram model of ``sentences``, its orders from 1 to ``order``.

    Args:
        sentences: labels from 1 to ``vocabulary`` - 1; boundaries are added, sentences without a label say nothing.
        vocabulary: V; every label and the boundary get a probability.
        order: 2 to 6.
        least_count: n-grams of three and more labels that occur less often are left out.
        least_entropy: such n-grams are left out that would each change the model by less, in nats a label of text;
            those that begin or end a longer one which stays are kept.

    Raises:
        ConfigError: a setting or label is out of range, or there is too little text for this order.
    """
    if not 2 <= order <= MAX_ORDER:
        raise ConfigError(f"n-gram: order is {order}; 2 to {MAX_ORDER} is accepted")
    text = _joined(sentences, vocabulary)
    raw = [_count(text, n) for n in range(1, order + 1)]
    for n in range(3, order + 1):
        if not (raw[n - 1][1] >= least_count).any():
            raise ConfigError(
                f"n-gram: no {n} labels in a row occur {least_count} times; a lower order is accepted"
            )
    levels = [_continuations(raw, n, order) for n in range(1, order + 1)]
    probs = [_unigrams(levels[0], vocabulary)]
    grams: list[Ints] = [np.arange(vocabulary)]
    for n in range(2, order + 1):
        probs.append(_interpolated(*levels[n - 1], n, grams[-1], probs[-1]))
        grams.append(levels[n - 1][0])
    for n in range(3, order + 1):
        # What begins or ends an n-gram occurs at least as often as it, so nothing kept loses its context.
        often = raw[n - 1][1] >= least_count
        grams[n - 1], probs[n - 1] = grams[n - 1][often], probs[n - 1][often]
    for n in range(order, 2, -1) if least_entropy else ():
        matters = _entropies(grams, probs, raw, n) >= least_entropy
        if n < order:
            matters |= _begins_or_ends(grams[n - 1], grams[n], n)
        grams[n - 1], probs[n - 1] = grams[n - 1][matters], probs[n - 1][matters]
    backoffs = [_backoffs(grams, probs, n) for n in range(1, order)] + [np.zeros(len(grams[-1]))]
    return tuple(
        Order(_unpacked(grams[n - 1], n), np.log(probs[n - 1]), backoffs[n - 1]) for n in range(1, order + 1)
    )


def _joined(sentences: Iterable[Sequence[int]], vocabulary: int) -> Ints:
    """All sentences in a row, a boundary before each and after the last."""
    text = [BOUNDARY]
    for sentence in filter(len, sentences):
        text.extend(sentence)
        text.append(BOUNDARY)
    labels = np.array(text, dtype=np.int64)
    if len(labels) < 2:
        raise ConfigError("n-gram: no sentence was given; at least one is needed")
    if not 0 <= labels.min() <= labels.max() < min(vocabulary, MAX_LABEL + 1):
        raise ConfigError(
            f"n-gram: labels run from {labels.min()} to {labels.max()}; 1 to {vocabulary - 1} are accepted"
        )
    return labels


def _count(text: Ints, n: int) -> tuple[Ints, Ints]:
    """The n-grams of ``text`` that no boundary cuts in two, sorted, and how often each occurs."""
    count = len(text) - n + 1
    grams = np.zeros(max(count, 0), dtype=np.int64)
    whole = np.ones(max(count, 0), dtype=np.bool_)
    for place in range(n if count > 0 else 0):
        column = text[place : place + count]
        grams = grams << _BITS | column
        if 0 < place < n - 1:
            whole &= column != BOUNDARY
    # The boundary is never predicted from a boundary: it is either the context of a beginning or an end.
    if n == 1:
        whole[0] = False
    return np.unique(grams[whole], return_counts=True)


def _continuations(raw: Sequence[tuple[Ints, Ints]], n: int, order: int) -> tuple[Ints, Ints]:
    """N-grams of order ``n`` with the number of labels they follow; with true counts where nothing precedes."""
    grams, counts = raw[n - 1]
    if n == order:
        return grams, counts
    found, preceding = np.unique(_without_oldest(raw[n][0], n + 1), return_counts=True)
    begins = grams >> _BITS * (n - 1) == BOUNDARY
    kept = counts.copy() if n > 1 else np.zeros_like(counts)
    places = np.searchsorted(grams, found)
    inside = ~begins[places] if n > 1 else np.ones(len(places), dtype=np.bool_)
    kept[places[inside]] = preceding[inside]
    return grams, kept


def _discounts(counts: Ints) -> Floats:
    """[4] what is taken off counts of 0, 1, 2 and more (Chen & Goodman, equation 26)."""
    ones, twos, threes, fours = (int((counts == value).sum()) for value in (1, 2, 3, 4))
    if not (ones and twos and threes and fours):
        return np.array([0.0, 0.5, 0.75, 0.9])
    share = ones / (ones + 2 * twos)
    taken = [1 - 2 * share * twos / ones, 2 - 3 * share * threes / twos, 3 - 4 * share * fours / threes]
    return np.array([0.0, *(min(max(value, 0.1), least - 0.1) for least, value in enumerate(taken, 1))])


def _unigrams(level: tuple[Ints, Ints], vocabulary: int) -> Floats:
    """[V] probability of each label, the discounted share spread evenly."""
    counts = np.zeros(vocabulary)
    counts[level[0]] = level[1]
    taken = _discounts(level[1])[np.minimum(counts, 3).astype(int)]
    probs: Floats = (counts - taken + taken.sum() / vocabulary) / counts.sum()
    return probs


def _interpolated(grams: Ints, counts: Ints, n: int, shorter: Ints, shorter_probs: Floats) -> Floats:
    """[K] probability of each n-gram: its discounted share, and what the shorter context gives its label."""
    contexts = grams >> _BITS
    starts = np.flatnonzero(np.r_[True, contexts[1:] != contexts[:-1]])
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(grams)]))
    taken = _discounts(counts)[np.minimum(counts, 3)]
    totals = np.add.reduceat(counts, starts)[group]
    left = np.add.reduceat(taken, starts)[group] / totals
    lower = shorter_probs[np.searchsorted(shorter, _without_oldest(grams, n))]
    return (counts - taken) / totals + left * lower


def _backoffs(grams: list[Ints], probs: list[Floats], n: int) -> Floats:
    """[K] log weight of shorter contexts after each n-gram of order ``n``, so that all labels sum to one."""
    _, _, left, spared = _left_over(grams, probs, n)
    weights: Floats = np.log(left) - np.log(spared)
    return weights


def _left_over(grams: list[Ints], probs: list[Floats], n: int) -> tuple[Ints, Floats, Floats, Floats]:
    """What the longer n-grams known after those of order ``n`` leave to all other labels.

    Returns:
        For each longer n-gram the place of its context and the probability of its label after the shorter context; for
        each context [K] what the longer n-grams leave, and what the same labels leave after the shorter context.
    """
    longer, count = grams[n], len(grams[n - 1])
    places = np.searchsorted(grams[n - 1], longer >> _BITS)
    lower = probs[n - 1][np.searchsorted(grams[n - 1], _without_oldest(longer, n + 1))]
    tiny = math.exp(-20)
    left, spared = (np.maximum(1 - np.bincount(places, each, count), tiny) for each in (probs[n], lower))
    return places, lower, left, spared


def _entropies(grams: list[Ints], probs: list[Floats], raw: Sequence[tuple[Ints, Ints]], n: int) -> Floats:
    """[K] by how much the model changes when one n-gram of order ``n`` is left out (Stolcke's equation 5)."""
    known = probs[n - 1]
    places, lower, left, spared = _left_over(grams, probs, n - 1)
    left, spared = left[places], spared[places]
    before = np.log(left / spared)
    after = np.log((left + known) / (spared + lower))
    counted, counts = raw[n - 2]
    occurs = counts[np.searchsorted(counted, grams[n - 1] >> _BITS)] / raw[0][1].sum()
    changed: Floats = -occurs * (known * (np.log(lower / known) + after) + left * (after - before))
    return changed


def _begins_or_ends(grams: Ints, longer: Ints, n: int) -> NDArray[np.bool_]:
    """[K] whether each n-gram of order ``n`` begins or ends one of the ``longer``."""
    parts = np.union1d(longer >> _BITS, _without_oldest(longer, n + 1))
    return np.isin(grams, parts, assume_unique=True)


def _without_oldest(grams: Ints, n: int) -> Ints:
    """[K] the last n-1 labels of each n-gram."""
    return grams & (1 << _BITS * (n - 1)) - 1


def _unpacked(grams: Ints, n: int) -> Ints:
    """[K, n] the labels of packed n-grams."""
    shifts = _BITS * np.arange(n - 1, -1, -1)
    labels: Ints = grams[:, np.newaxis] >> shifts & MAX_LABEL
    return labels
