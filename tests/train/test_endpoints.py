"""An end-pointer learns what tells ends from pauses, and a table how sentences end."""

import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from stapes.decode import SCALARS, end_probability, remember
from stapes.train.endpoints import EndpointTraining, Observed, fit_completeness, fit_endpointer, out_of_fold

J = 4
CONFIG = EndpointTraining(components=3, projected=2, hidden=8, members=2, epochs=4, batch=8, rate=0.02)
FRAME_S = 0.04


def streams(count: int) -> list[Observed]:
    """Hushed for five frames in the middle and at the end; only how it sounded just before tells which is which."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(count):
        pause, end = sorted(rng.choice(np.arange(4, 28, 8), 2, replace=False) + rng.integers(0, 3, 2))
        inputs = 0.2 * rng.standard_normal((36, SCALARS + J)).astype(np.float32)
        frames = np.arange(36)
        hushed = ((frames >= pause) & (frames < pause + 5)) | (frames >= end)
        inputs[:, 1] += hushed
        inputs[pause - 2 : pause, SCALARS + 2] += 3
        inputs[end - 2 : end, SCALARS + 2] -= 3
        made.append(Observed(inputs, FRAME_S * (frames - end + 1.0), frames > 2, hushed))
    return made


def test_what_was_heard_before_a_pause_is_remembered() -> None:
    made = streams(40)
    found = out_of_fold(made, range(40), SCALARS, replace(CONFIG, epochs=24), folds=2)
    assert all(each.shape == (36,) for each in found)
    pairs = list(zip(made, found, strict=True))
    in_pauses = [each[stream.hushed & (stream.since_end_s < 0)].max() for stream, each in pairs]
    at_ends = [each[stream.since_end_s > 4 * FRAME_S].min() for stream, each in pairs]
    assert np.mean(at_ends) > 0.7 > 0.5 > np.mean(in_pauses)


def test_the_network_is_that_of_the_decoder() -> None:
    made = streams(16)
    fitted = fit_endpointer(made, SCALARS, CONFIG)
    assert fitted.projection.shape == (4, J)
    names = (
        "projection",
        "mean",
        "scale",
        "input_weight",
        "input_bias",
        "recurrent_weight",
        "recurrent_bias",
    )
    tables = SimpleNamespace(
        **{name: getattr(fitted, name) for name in names},
        output_weight=fitted.output_weight,
        output_bias=float(fitted.output_bias[0]),
    )
    # Each half is left out once, and the other one is the same.
    again = out_of_fold([*made, *made], [0] * 16 + [1] * 16, SCALARS, CONFIG, folds=2)[0]
    hidden = np.zeros(16, np.float32)
    for observed, expected in zip(made[0].inputs, again, strict=True):
        hidden = remember(tables, observed, hidden)
        assert end_probability(tables, hidden) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("epochs", [1, 9, 10])
def test_few_streams_are_fitted_in_few_steps(epochs: int) -> None:
    fitted = fit_endpointer(streams(6), SCALARS, replace(CONFIG, epochs=epochs))
    assert np.isfinite(fitted.output_weight).all()


def test_a_fit_is_the_same_again() -> None:
    first, again = (fit_endpointer(streams(8), SCALARS, CONFIG) for _ in range(2))
    assert np.array_equal(first.input_weight, again.input_weight)
    assert np.array_equal(first.output_bias, again.output_bias)


def test_members_may_be_trained_elsewhere() -> None:
    made, sent = streams(12), []

    def elsewhere(work, items):
        for item in items:
            sent.append(item.seed)
            yield pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(work))(item)))

    config = replace(CONFIG, epochs=1)
    fits = [fit_endpointer(made, SCALARS, config, run) for run in (map, elsewhere)]
    found = [out_of_fold(made, range(12), SCALARS, config, 3, run) for run in (map, elsewhere)]
    assert sent == [0, 1] * 4  # two members of all, and of each fold
    assert np.array_equal(*(fit.recurrent_weight for fit in fits))
    assert all(np.array_equal(here, there) for here, there in zip(*found, strict=True))


def test_no_fold_sees_its_own_streams() -> None:
    made = streams(12)
    groups = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    found = out_of_fold(made, groups, SCALARS, CONFIG, folds=2)
    changed = [replace(made[0], since_end_s=-made[0].since_end_s), *made[1:]]
    others = out_of_fold(changed, groups, SCALARS, CONFIG, folds=2)
    same = [np.array_equal(one, other) for one, other in zip(found, others, strict=True)]
    assert same == [True, True, True, False, False, False] * 2


def test_the_table_holds_the_log_odds_of_an_end() -> None:
    # Bucket 1 ends 9 times in 10, bucket 2 once in 10; bucket 3 is never seen.
    features = np.array([[1]] * 1000 + [[2]] * 1000)
    is_end = np.array([True] * 900 + [False] * 100 + [True] * 100 + [False] * 900)
    weights, bias = fit_completeness(features, is_end, buckets=4)
    assert weights[1] + bias == pytest.approx(np.log(9), abs=0.2)
    assert weights[2] + bias == pytest.approx(-np.log(9), abs=0.2)
    assert weights[3] == 0
