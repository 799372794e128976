"""The n-gram automaton against Katz's recursion over the same tables."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from stapes.decode import BLANK, BeamSearch, NGram
from tests.decode.scorers import numbered, scripted

# Letters: 0 boundary, 1, 2, 3. Contexts seen: every label, (0 1), (1 2).
GRAMS = {
    (0,): (-2.0, -0.1),
    (1,): (-1.0, -0.2),
    (2,): (-1.5, -0.3),
    (3,): (-3.0, 0.0),
    (0, 1): (-0.5, -0.4),
    (1, 2): (-0.25, -0.6),
    (2, 0): (-0.75, 0.0),
    (0, 1, 2): (-0.125, 0.0),
    (1, 2, 0): (-0.0625, 0.0),
    (1, 2, 3): (-0.9375, 0.0),
}


def tables(grams, scale=1.0, reward=0.0):
    orders = [
        sorted(labels for labels in grams if len(labels) == n) for n in range(1, max(map(len, grams)) + 1)
    ]
    return SimpleNamespace(
        children=[
            np.array([sum(longer[:-1] == labels for longer in following) for labels in order])
            for order, following in itertools.pairwise(orders)
        ],
        labels=[np.array([labels[-1] for labels in order]) for order in orders],
        log_probs=[np.array([grams[labels][0] for labels in order], np.float32) for order in orders],
        backoffs=[np.array([grams[labels][1] for labels in order], np.float32) for order in orders[:-1]],
        scale=scale,
        reward=reward,
    )


def log_prob(context, label):
    if (*context, label) in GRAMS:
        return GRAMS[(*context, label)][0]
    return (GRAMS[context][1] if context in GRAMS else 0.0) + log_prob(context[1:], label)


@pytest.mark.parametrize("labels", [(), (1,), (2,), (3,), (1, 2), (2, 1), (1, 2, 3), (3, 1, 2), (1, 2, 2, 1)])
def test_every_label_scores_as_after_its_last_two(labels):
    model = NGram(tables(GRAMS, scale=0.5, reward=0.25))
    state = model.start()
    for label in labels:
        state = model.step(state, label)
    context = (BLANK, *labels)[-2:]
    expected = [0.5 * log_prob(context, label) + 0.25 for label in range(4)]
    np.testing.assert_allclose(model.scores(state), expected, rtol=1e-6)
    assert model.final(state) == pytest.approx(0.5 * log_prob(context, BLANK))


def test_contexts_with_the_same_future_are_one_state():
    model = NGram(tables(GRAMS))
    straight = model.step(model.step(model.start(), 1), 2)
    around = model.step(model.step(model.step(model.start(), 3), 1), 2)
    assert straight == around


def test_of_two_words_that_sound_alike_the_expected_one_is_heard():
    steps = [{2: 0.9}, {4: 0.45, 5: 0.55}]
    grams = {(label,): (-2.3, 0.0) for label in range(10)} | {(2, 4): (-0.1, 0.0)}
    heard = BeamSearch(scripted(steps))
    assert heard.result(heard.advance(numbered(2), heard.init_state())).labels == (2, 5)
    expected = BeamSearch(scripted(steps), expected=[NGram(tables(grams))])
    assert expected.result(expected.advance(numbered(2), expected.init_state())).labels == (2, 4)
