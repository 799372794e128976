"""An end-pointer learns what tells ends from pauses, and a table how sentences end."""

import numpy as np
import pytest

from stapes.train.endpoints import (
    EndpointTraining,
    Observed,
    fit_completeness,
    fit_endpointer,
    log_loss,
    out_of_fold,
    project,
)

SCALARS, J = 3, 4
CONFIG = EndpointTraining(projected=2, hidden=4, steps=300, batch=256)


def streams(count: int) -> list[Observed]:
    """The second scalar falls below 0 at the end; the frames differ in one direction that means nothing."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(count):
        end = int(rng.integers(10, 30))
        inputs = rng.standard_normal((40, SCALARS + 2 * J)).astype(np.float32)
        inputs[:, 1] = np.where(np.arange(40) < end, 1.0, -1.0) + 0.2 * inputs[:, 1]
        inputs[:, SCALARS + 2] *= 10
        inputs[:, SCALARS + J + 2] *= 10
        made.append(Observed(inputs, end))
    return made


def test_ends_are_learned_and_judged_on_streams_that_were_not_seen():
    made = streams(30)
    for stream, found in zip(made, out_of_fold(made, SCALARS, CONFIG, folds=3), strict=True):
        assert found.shape == (40,)
        assert found[stream.end_frame :].min() > 0.5 > found[: stream.end_frame].max()


def test_the_projection_keeps_what_differs_most():
    fitted = fit_endpointer(streams(5), SCALARS, CONFIG)
    assert fitted.projection.shape == (2, J)
    assert abs(fitted.projection[0]) == pytest.approx([0, 0, 1, 0], abs=0.1)
    observed = streams(1)[0].inputs
    inputs = project(observed, SCALARS, fitted.projection)
    expected = np.concatenate(
        [
            observed[:, :SCALARS],
            observed[:, SCALARS : SCALARS + J] @ fitted.projection.T,
            observed[:, SCALARS + J :] @ fitted.projection.T,
        ],
        axis=1,
    )
    assert inputs == pytest.approx(expected, abs=1e-5)


def test_a_fit_is_the_same_again():
    first, again = (fit_endpointer(streams(5), SCALARS, CONFIG) for _ in range(2))
    assert np.array_equal(first.hidden_weight, again.hidden_weight)
    assert np.array_equal(first.output_bias, again.output_bias)


def test_no_fold_sees_its_own_streams():
    made = streams(4)
    found = out_of_fold(made, SCALARS, CONFIG, folds=2)
    others = fit_endpointer([made[1], made[3]], SCALARS, CONFIG)
    assert np.array_equal(found[0], others.probabilities(made[0].inputs, SCALARS))
    assert np.array_equal(found[2], others.probabilities(made[2].inputs, SCALARS))


def test_the_loss_is_the_cross_entropy_of_a_frame():
    stream = Observed(np.zeros((4, SCALARS + 2 * J), np.float32), end_frame=3)
    assert log_loss([stream], [np.array([0.1, 0.2, 0.5, 0.75])]) == pytest.approx(
        -np.log([0.9, 0.8, 0.5, 0.75]).mean()
    )


def test_the_table_holds_the_log_odds_of_an_end():
    # Bucket 1 ends 9 times in 10, bucket 2 once in 10; bucket 3 is never seen.
    features = np.array([[1]] * 1000 + [[2]] * 1000)
    is_end = np.array([True] * 900 + [False] * 100 + [True] * 100 + [False] * 900)
    weights, bias = fit_completeness(features, is_end, buckets=4)
    assert weights[1] + bias == pytest.approx(np.log(9), abs=0.2)
    assert weights[2] + bias == pytest.approx(-np.log(9), abs=0.2)
    assert weights[3] == 0
