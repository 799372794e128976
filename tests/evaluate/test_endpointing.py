"""Rates and delays of ends that were found."""

import math

import pytest

from stapes.evaluate import Ended, score_endpoints


def test_rates_and_delays() -> None:
    ended = [
        Ended(end=1.0, final=1.5, speculative=1.2),
        Ended(end=1.0, final=1.7, speculative=1.6, resets=2),
        Ended(end=1.0, final=1.1, speculative=1.1),
        Ended(end=2.0, final=1.9, speculative=1.4, resets=1),
    ]
    score = score_endpoints(ended)
    assert (score.utterances, score.early, score.confirmed) == (4, 0.25, 0.5)
    assert score.median_ms == pytest.approx(500)
    assert score.p90_ms == pytest.approx(660)
    assert score.lead_ms == pytest.approx(200)


def test_utterances_count_what_they_weigh() -> None:
    rare = Ended(end=1.0, final=0.5, speculative=0.5, resets=1, weight=0.5)
    late = [
        Ended(1.0, 1.0 + each / 10, 1.0, weight=weight) for each, weight in ((5, 1.0), (7, 3.0), (9, 1.0))
    ]
    score = score_endpoints([rare, *late])
    assert (score.early, score.confirmed) == (pytest.approx(0.5 / 5.5), pytest.approx(5 / 5.5))
    # 500 ms at 0, 700 ms at a quarter, 900 ms at the end.
    assert score.median_ms == pytest.approx(700 + 200 / 3)
    assert score.p90_ms == pytest.approx(900 - 200 * 0.4 / 3)


def test_all_cut_off() -> None:
    score = score_endpoints([Ended(1.0, 0.9, 0.9)])
    assert score.early == 1
    assert math.isnan(score.median_ms)
