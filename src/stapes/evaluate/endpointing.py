"""How well the ends of utterances are found: what is cut off, and how long the user waits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ended:
    """One utterance; times in seconds from the beginning of its stream.

    Args:
        end: when the user had finished.
        final: when the utterance was ended.
        speculative: when the speculation was made that held at the end, at most ``final``.
        resets: speculations that did not hold.
        weight: above 0; how much this utterance counts.
    """

    end: float
    final: float
    speculative: float
    resets: int = 0
    weight: float = 1.0


@dataclass(frozen=True)
class EndpointScore:
    """Rates and delays over utterances.

    Args:
        utterances: their number.
        early: share that was ended before the user had finished.
        median_ms: median delay from the end of the user to that of the utterance, without the early ones.
        p90_ms: 90th percentile of the same.
        lead_ms: median of how much earlier than the end of the utterance the speculation that held was made.
        confirmed: share of utterances without a reset.
    """

    utterances: int
    early: float
    median_ms: float
    p90_ms: float
    lead_ms: float
    confirmed: float


def score_endpoints(utterances: Sequence[Ended]) -> EndpointScore:
    """Score at least one utterance; delays are not-a-number where every one was ended early."""
    delays_ms = np.array([1000 * (each.final - each.end) for each in utterances])
    leads_ms = np.array([1000 * (each.final - each.speculative) for each in utterances])
    weights = np.array([each.weight for each in utterances])
    late = delays_ms >= 0
    median_ms, p90_ms = (_percentile(delays_ms[late], weights[late], each) for each in (50, 90))
    return EndpointScore(
        utterances=len(utterances),
        early=float(np.average(~late, weights=weights)),
        median_ms=median_ms,
        p90_ms=p90_ms,
        lead_ms=_percentile(leads_ms, weights, 50),
        confirmed=float(np.average([each.resets == 0 for each in utterances], weights=weights)),
    )


def _percentile(values: NDArray[np.float64], weights: NDArray[np.float64], percent: float) -> float:
    """Of ``values`` that count ``weights``; not-a-number of none."""
    if not values.size:
        return float("nan")
    order = values.argsort()
    before = np.cumsum(weights[order]) - weights[order]
    # The usual percentile where all count alike: from the first value to the last one.
    return float(np.interp(percent / 100 * before[-1], before, values[order]))
