"""Calibration error and calibration against their definitions."""

import numpy as np
import pytest

from stapes.errors import CorpusError
from stapes.evaluate import calibration_error, fit_calibration, right_words


@pytest.mark.parametrize(
    ("reference", "hypothesis", "right"),
    [
        ("turn on the light", "turn on the light", [True] * 4),
        ("turn on the light", "turn of the big light", [True, False, True, False, True]),
        ("turn on the light", "the light", [True, True]),
        ("go", "", []),
        ("", "go on", [False, False]),
    ],
)
def test_words_are_right_where_they_are_those_of_the_reference(reference, hypothesis, right):
    assert right_words(reference, hypothesis) == right


def test_the_error_is_the_mean_gap_over_ten_bins():
    confidences = [0.05, 0.05, 0.95, 0.95, 0.95, 0.95, 1.0]
    right = [False, True, True, True, True, True, False]
    by_hand = (2 * abs(0.05 - 0.5) + 5 * abs((4 * 0.95 + 1.0) / 5 - 0.8)) / 7
    assert calibration_error(confidences, right) == pytest.approx(by_hand)
    assert calibration_error([0.25, 0.25, 0.25, 0.25], [True, False, False, False]) == 0.0


def test_a_fitted_map_makes_posteriors_honest_on_other_words():
    generator = np.random.default_rng(0)
    posteriors = generator.uniform(size=(2, 20_000)) ** 0.3
    right = generator.uniform(size=posteriors.shape) < posteriors**3
    points, values = fit_calibration(posteriors[0], right[0])
    assert calibration_error(posteriors[1], right[1]) > 0.1
    assert calibration_error(np.interp(posteriors[1], points, values), right[1]) < 0.015
    assert (points[0], points[-1], len(points)) == (0.0, 1.0, 14)
    assert (np.diff(points) > 0).all() and (np.diff(values) >= 0).all()


def test_rates_that_fall_are_put_together():
    posteriors = np.repeat([0.2, 0.4, 0.6, 0.8], 10)
    right = np.concatenate([np.arange(10) < count for count in (2, 7, 3, 9)])
    points, values = fit_calibration(posteriors, right, pieces=4, least_words=10)
    assert points == pytest.approx([0.0, 0.2, 0.5, 0.8, 1.0])
    assert values == pytest.approx([3 / 12, 3 / 12, 11 / 22, 10 / 12, 10 / 12], abs=1e-6)


def test_weights_count_like_repetitions():
    generator = np.random.default_rng(1)
    posteriors, right = generator.uniform(size=90), generator.uniform(size=90) < 0.5
    weights = np.repeat([1.0, 3.0], 45)
    repeated = np.repeat(np.arange(90), weights.astype(int))
    weighted = fit_calibration(posteriors, right, weights, pieces=1)
    plain = fit_calibration(posteriors[repeated], right[repeated], pieces=1)
    assert weighted[0] == plain[0]
    share = (right @ weights / 180 * 90 + 1) / 92
    assert weighted[1] == pytest.approx([share] * 3, abs=1e-6)
    assert calibration_error(posteriors, right, weights * 5) == pytest.approx(
        calibration_error(posteriors[repeated], right[repeated])
    )


def test_falling_rates_are_judged_by_weight():
    posteriors, right = np.repeat([0.2, 0.4], 10), np.arange(20) % 10 < np.repeat([6, 5], 10)
    weights = np.where(right & (posteriors > 0.3), 3.0, 1.0)
    assert len(fit_calibration(posteriors, right, pieces=2, least_words=10)[0]) == 3
    assert len(fit_calibration(posteriors, right, weights, pieces=2, least_words=10)[0]) == 4


def test_a_single_posterior_is_a_flat_map():
    points, values = fit_calibration(np.ones(80), np.arange(80) >= 40)
    assert (points, values) == ([0.0, 1.0], [0.5, 0.5])


def test_groups_have_enough_words():
    points, _ = fit_calibration(np.linspace(0.1, 0.9, 100), np.linspace(0, 1, 100) > 0.5, least_words=40)
    assert len(points) == 4


def test_too_few_words_are_refused():
    with pytest.raises(CorpusError, match="calibration: 39 words; at least 40 are expected"):
        fit_calibration(np.ones(39), np.ones(39))
    for function in (calibration_error, fit_calibration):
        with pytest.raises(CorpusError, match="calibration: no words were heard; some are expected"):
            function([], [])
