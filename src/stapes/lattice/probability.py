"""Probabilities of nodes, arcs and words, by the forward–backward algorithm in the log domain.

Letters: N nodes, A arcs. The probability of a path is the exponential of the sum of its arcs' scores, divided by that
of all paths.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.lattice.graph import Lattice


@dataclass(frozen=True, slots=True, eq=False)
class Posteriors:
    """What forward–backward gives.

    Attributes:
        arcs: [A] probability in [0, 1] that the path takes the arc.
        nodes: [N] probability in [0, 1] that it passes the node; 1 at start and end.
        total: natural log of the sum over all paths.
    """

    arcs: NDArray[np.float64]
    nodes: NDArray[np.float64]
    total: float


def posteriors(lattice: Lattice) -> Posteriors:
    """The probabilities of all arcs and nodes of ``lattice``."""
    before, after = forward(lattice), backward(lattice)
    total = after[0]
    arcs = [before[arc.source] + arc.score + after[arc.target] - total for arc in lattice.arcs]
    nodes = [one + other - total for one, other in zip(before, after, strict=True)]
    return Posteriors(np.exp(np.minimum(arcs, 0.0)), np.exp(np.minimum(nodes, 0.0)), total)


def word_posteriors(lattice: Lattice) -> NDArray[np.float64]:
    """[A] probability in [0, 1] that the word of each arc was said at its time.

    Arcs with the same word support each other where they overlap: the value is the largest sum, over the frames of
    the arc, of the posteriors of all arcs with this word at that frame (C_max of Wessel, Schlüter, Macherey and Ney
    2001, "Confidence measures for large vocabulary continuous speech recognition"). For this an arc lasts from the
    node that it leaves, since a transducer may put out the same word some frames apart; one without duration
    counts as one frame long. An arc without a word has the posterior of the arc.
    """
    pooled = posteriors(lattice).arcs.copy()
    groups: dict[str, list[int]] = {}
    for index, arc in enumerate(lattice.arcs):
        if arc.word:
            groups.setdefault(arc.word, []).append(index)
    for indices in groups.values():
        pooled[indices] = _pool(lattice, indices, pooled[indices])
    return pooled


def forward(lattice: Lattice) -> list[float]:
    """[N] log of the sum over all paths from the start to each node."""
    entering: list[list[float]] = [[] for _ in lattice.frames]
    entering[0].append(0.0)
    sums = []
    for node, arcs in enumerate(lattice.leaving):
        sums.append(log_sum(entering[node]))
        for arc in lattice.arcs[arcs.start : arcs.stop]:
            entering[arc.target].append(sums[node] + arc.score)
    return sums


def backward(lattice: Lattice) -> list[float]:
    """[N] log of the sum over all paths from each node to the end."""
    sums = [0.0] * len(lattice.frames)
    for node in range(lattice.end - 1, -1, -1):
        arcs = lattice.leaving[node]
        sums[node] = log_sum(arc.score + sums[arc.target] for arc in lattice.arcs[arcs.start : arcs.stop])
    return sums


def log_sum(logs: Iterable[float]) -> float:
    """Log of the sum of exponentials of at least one finite number."""
    logs = list(logs)
    largest = max(logs)
    return largest + math.log(math.fsum(math.exp(value - largest) for value in logs))


def _pool(lattice: Lattice, indices: list[int], own: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pooled values of the arcs ``indices``, all with one word, from their ``own`` posteriors."""
    starts = np.array([lattice.frames[lattice.arcs[index].source] for index in indices])
    ends = np.maximum([lattice.arcs[index].end_frame for index in indices], starts + 1)
    edges, places = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    changes = np.zeros(len(edges))
    np.add.at(changes, places, np.concatenate([own, -own]))
    covered = np.cumsum(changes)
    first, last = places[: len(indices)], places[len(indices) :]
    sums = [covered[i:j].max() for i, j in zip(first.tolist(), last.tolist(), strict=True)]
    return np.clip(np.maximum(sums, own), 0.0, 1.0)
