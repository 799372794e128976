"""The n-gram estimate: proper distributions, and the equations of Chen & Goodman worked by hand."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.errors import ConfigError
from stapes.train.ngram import BOUNDARY, estimate

VOCABULARY = 6
sentences = st.lists(st.lists(st.integers(1, VOCABULARY - 1), max_size=6), min_size=1, max_size=12)


def table(orders):
    """Log-probability and backoff of every n-gram."""
    return {
        tuple(labels.tolist()): (float(log_prob), float(backoff))
        for order in orders
        for labels, log_prob, backoff in zip(order.labels, order.log_probs, order.backoffs, strict=True)
    }


def log_prob(grams, context, label):
    """Katz's recursion over what is stored."""
    if (*context, label) in grams:
        return grams[(*context, label)][0]
    backoff = grams[context][1] if context in grams else 0.0
    return backoff + log_prob(grams, context[1:], label)


@settings(max_examples=40, deadline=None)
@given(sentences, st.integers(2, 4), st.integers(1, 3))
def test_what_follows_any_context_sums_to_one(text, order, least_count):
    grams = table(estimate([*text, *[[1, 2, 1]] * least_count], VOCABULARY, order, least_count))
    for length in range(order):
        for context in itertools.product(range(VOCABULARY), repeat=length):
            total = sum(math.exp(log_prob(grams, context, label)) for label in range(VOCABULARY))
            assert total == pytest.approx(1, abs=1e-6)


def test_lower_orders_count_what_a_label_follows_not_how_often_it_occurs():
    # 2 occurs six times but only after 1; 4 occurs three times after three different labels.
    text = [[1, 2]] * 6 + [[1, 4], [3, 4], [5, 4]]
    grams = table(estimate(text, VOCABULARY, 2))
    assert grams[(4,)][0] > grams[(2,)][0]


def test_a_bigram_model_worked_by_hand():
    # Bigrams: 01×3 12 13×2 20 30×2; continuations: 1←{0} 2←{1} 3←{1} 0←{2,3}. Too few for their own discounts.
    grams = table(estimate([[1, 2], [1, 3], [1, 3]], 4, 2))
    spread = (0.5 * 3 + 0.75) / 4  # discounted from 1, 2, 3 (once each) and from the boundary (twice)
    lowest = {0: (2 - 0.75 + spread) / 5, 1: (0.5 + spread) / 5, 2: (0.5 + spread) / 5, 3: (0.5 + spread) / 5}
    for label, expected in lowest.items():
        assert math.exp(grams[(label,)][0]) == pytest.approx(expected)
    left = (0.5 + 0.75) / 3
    assert math.exp(grams[(1, 2)][0]) == pytest.approx((1 - 0.5) / 3 + left * lowest[2])
    assert math.exp(grams[(1, 3)][0]) == pytest.approx((2 - 0.75) / 3 + left * lowest[3])
    assert math.exp(grams[(1,)][1]) == pytest.approx(left)


def test_rare_long_n_grams_are_left_out_and_bigrams_stay():
    orders = estimate([[1, 2, 3, 4]] + [[1, 2, 3, 5]] * 2, VOCABULARY, 4, least_count=2)
    grams = table(orders)
    assert (3, 4) in grams
    assert (1, 2, 3, 5) in grams
    assert (2, 3, 4) not in grams
    assert all(np.array_equal(order.labels, np.unique(order.labels, axis=0)) for order in orders)


def test_no_n_gram_runs_across_a_boundary():
    grams = table(estimate([[1, 2], [3, 4]], VOCABULARY, 3))
    assert all(BOUNDARY not in labels[1:-1] for labels in grams)
    assert (BOUNDARY, 1, 2) in grams
    assert (3, 4, BOUNDARY) in grams


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1]], 6, 1), "n-gram: order is 1; 2 to 6 is accepted"),
        (([[1]], 6, 7), "n-gram: order is 7; 2 to 6 is accepted"),
        (([], 6), "n-gram: no sentence was given; at least one is needed"),
        (([[1, 2]], 6, 5), "n-gram: no 5 labels in a row occur 1 times; a lower order is accepted"),
        (([[6]], 6), "n-gram: labels run from 0 to 6; 1 to 5 are accepted"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        estimate(*arguments)


def change_without(grams, text, gram):
    """By how much the distribution after the context of ``gram`` changes without it, times how often that occurs."""
    context, left = gram[:-1], {key: value for key, value in grams.items() if key != gram}
    known = [label for label in range(VOCABULARY) if (*context, label) in left]
    used = sum(math.exp(grams[(*context, label)][0]) for label in known)
    spared = sum(math.exp(log_prob(left, context[1:], label)) for label in known)
    left[context] = (grams[context][0], math.log((1 - used) / (1 - spared)))
    before, after = (
        [log_prob(which, context, label) for label in range(VOCABULARY)] for which in (grams, left)
    )
    divergence = sum(math.exp(p) * (p - q) for p, q in zip(before, after, strict=True))
    joined = [BOUNDARY, *itertools.chain.from_iterable([*sentence, BOUNDARY] for sentence in text)]
    places = range(len(joined) - len(context) + 1)
    times = sum(tuple(joined[place : place + len(context)]) == context for place in places)
    return divergence * times / (len(joined) - 1)


def test_what_is_left_out_by_entropy_hardly_changes_the_model():
    draw = np.random.default_rng(0)
    text = [draw.integers(1, VOCABULARY, draw.integers(2, 6)).tolist() for _ in range(40)]
    full = table(estimate(text, VOCABULARY, 3))
    longest = [gram for gram in full if len(gram) == 3]
    changes = {gram: change_without(full, text, gram) for gram in longest}
    threshold = float(np.median(list(changes.values())))
    pruned = table(estimate(text, VOCABULARY, 3, least_entropy=threshold))
    kept = {gram for gram in pruned if len(gram) == 3}
    assert kept == {gram for gram in longest if changes[gram] >= threshold}
    assert 0 < len(kept) < len(longest)


@pytest.mark.parametrize("least_entropy", [1e-4, 1e-3, 3e-3, 1e-2])
def test_a_pruned_model_sums_to_one_and_keeps_what_longer_n_grams_need(least_entropy):
    draw = np.random.default_rng(1)
    text = [draw.integers(1, VOCABULARY, draw.integers(2, 8)).tolist() for _ in range(60)]
    grams = table(estimate(text, VOCABULARY, 4, least_entropy=least_entropy))
    for gram in grams:
        assert len(gram) < 2 or {gram[:-1], gram[1:]} <= grams.keys()
    for context in itertools.product(range(VOCABULARY), repeat=3):
        total = sum(math.exp(log_prob(grams, context, label)) for label in range(VOCABULARY))
        assert total == pytest.approx(1, abs=1e-6)
