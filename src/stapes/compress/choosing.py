"""Which codec each tensor gets: what the candidates cost in bytes and in errors, and the way from exact to small."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.codec import Dense, IntegerCodec, Integers, Sparse, fit
from stapes.compress.compensation import Moments, compensated

# Matrices of fewer weights stay in 8 bits: a code book and a table of frequencies would cost what they gain.
_SMALL = 1 << 13


@dataclass(frozen=True)
class Candidate:
    """A way to store a matrix.

    Args:
        codec: of the integers.
        thrift: what a saved bit may cost in squared error, as in `stapes.codec.fit`.
        kept: the share of the weights that is kept before; the smallest others become 0.
    """

    codec: IntegerCodec
    thrift: float = 0.0
    kept: float = 1.0

    def quantise(self, weights: NDArray[np.float32], moments: Moments | None = None) -> Integers:
        """The integers for ``weights``, which make up for each other's errors where ``moments`` of inputs are given."""
        pruned = prune(weights, self.kept)
        grid = fit(pruned, self.codec.bits, self.thrift)
        rows = pruned.reshape(len(weights), -1)
        if moments is None:
            levels, scales = grid.levels(rows), grid.scales
        else:
            kept = None if self.kept == 1 else rows != 0
            levels, scales = compensated(weights.reshape(rows.shape), grid, moments, kept)
        return Integers(levels.reshape(weights.shape), scales, grid.bits, grid.codebook)


EXACT = Candidate(Dense(8, coded=1))
SMALLER = (
    Candidate(Dense(6, coded=1)),
    *(Candidate(Dense(4, coded=1), thrift) for thrift in (0.006, 0.012, 0.02, 0.03, 0.045, 0.065, 0.1, 0.15)),
    Candidate(Sparse(4, coded=1, permuted=1), kept=0.5),
    Candidate(Sparse(3, coded=1, permuted=1), kept=0.35),
)


def candidates(weights: NDArray[np.float32]) -> tuple[Candidate, ...]:
    """Those for a matrix, the most exact first."""
    return (EXACT, *SMALLER) if weights.size >= _SMALL else (EXACT,)


def prune(weights: NDArray[np.float32], kept: float) -> NDArray[np.float32]:
    """``weights`` with 0 in place of the smallest magnitudes, so that the share ``kept`` of them remains."""
    count = weights.size - round(kept * weights.size)
    if count <= 0:
        return weights
    magnitudes = np.abs(weights)
    threshold = np.partition(magnitudes, count - 1, axis=None)[count - 1]
    return np.where(magnitudes > threshold, weights, np.float32(0))


@dataclass(frozen=True, eq=False)
class Coded:
    """A matrix with one of its candidates.

    Args:
        candidate: the codec.
        integers: what it stores.
        size_bytes: of all sections.
        error: squared error of the weights as a share of their squares.
    """

    candidate: Candidate
    integers: Integers
    size_bytes: int
    error: float


@dataclass(frozen=True, eq=False)
class Choice(Coded):
    """The same, measured.

    Args:
        divergence: what it alone does to the network, in nats a frame.
    """

    divergence: float


def code(weights: NDArray[np.float32], moments: Moments | None) -> list[Coded]:
    """A matrix, whose inputs have ``moments``, with each of its candidates."""
    coded = []
    for candidate in candidates(weights):
        integers = candidate.quantise(weights, moments)
        size_bytes = sum(map(len, candidate.codec.pack(integers).values()))
        error = float(np.square(integers.floats() - weights).sum() / max(np.square(weights).sum(), 1e-30))
        coded.append(Coded(candidate, integers, size_bytes, error))
    return coded


Plan = Mapping[str, Choice]


def descend(choices: Mapping[str, Sequence[Choice]]) -> Iterator[Plan]:
    """Plans, each smaller than the one before: where it costs least divergence for each byte, a tensor is made smaller.

    The first takes for every tensor the choice of least divergence. The sum of the divergences stands for that of all
    changes together; this is a greedy solution of the knapsack problem.
    """
    plan = {name: min(some, key=lambda each: each.divergence) for name, some in choices.items()}
    while True:
        yield dict(plan)
        steps = [
            (_slope(plan[name], choice), name, choice)
            for name, some in choices.items()
            for choice in some
            if choice.size_bytes < plan[name].size_bytes
        ]
        if not steps:
            return
        _, name, choice = min(steps, key=lambda step: step[:2])
        plan[name] = choice


def refine(plan: Plan, choices: Mapping[str, Sequence[Choice]], spare_bytes: int) -> Plan:
    """``plan`` with more exact choices where ``spare_bytes`` allow it, the one that gains most first."""
    refined = dict(plan)
    while True:
        steps = [
            (choice.divergence - refined[name].divergence, name, choice)
            for name, some in choices.items()
            for choice in some
            if choice.divergence < refined[name].divergence
            and choice.size_bytes - refined[name].size_bytes <= spare_bytes
        ]
        if not steps:
            return refined
        _, name, choice = min(steps, key=lambda step: step[:2])
        spare_bytes -= choice.size_bytes - refined[name].size_bytes
        refined[name] = choice


def _slope(before: Choice, after: Choice) -> float:
    return (after.divergence - before.divergence) / (before.size_bytes - after.size_bytes)
