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


def test_all_cut_off() -> None:
    score = score_endpoints([Ended(1.0, 0.9, 0.9)])
    assert score.early == 1
    assert math.isnan(score.median_ms)
