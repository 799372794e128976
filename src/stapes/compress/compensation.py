"""Rounds the columns of a matrix one after another, so that later ones make up for the errors of earlier ones.

Frantar et al., "GPTQ: accurate post-training quantization for generative pre-trained transformers" (2022), arXiv
2210.17323, after Hassibi and Stork, "Second order derivatives for network pruning: optimal brain surgeon" (1992).
Letters: R rows, C columns.
"""

import numpy as np
from numpy.typing import NDArray

from stapes.codec import Grid

# What is added to the diagonal of the inputs' second moments, as a share of its mean: recordings are few.
_DAMPING = 0.01
_BLOCK = 128


class Moments:
    """How the inputs of a matrix go together, as compensation needs it.

    Args:
        second: [C, C] mean products of its inputs.
    """

    def __init__(self, second: NDArray[np.float64]) -> None:
        diagonal = np.diagonal(second)
        damped = second + np.eye(len(second)) * max(_DAMPING * float(diagonal.mean()), 1e-12)
        self.order = np.argsort(-diagonal, kind="stable")
        """[C] the columns, the one with the largest inputs first: its errors can be made up for by all others."""
        self.second = damped[np.ix_(self.order, self.order)]
        inverse = np.linalg.inv(self.second)
        self.factor = np.linalg.cholesky(inverse).T.astype(np.float32)
        """[C, C] upper triangular, of the inverse."""


def compensated(
    rows: NDArray[np.float32], grid: Grid, moments: Moments, kept: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Levels [R, C] on ``grid`` whose products with the inputs of ``moments`` are near to those of ``rows`` [R, C].

    Where ``kept`` [R, C] is given and False, the level is 0.

    Returns:
        The levels, and [R] the scales that fit them best.
    """
    count = rows.shape[1]
    left = np.ascontiguousarray(rows[:, moments.order].T)
    levels = np.zeros(left.shape, np.int8)
    for begin in range(0, count, _BLOCK):
        end = min(begin + _BLOCK, count)
        errors = np.empty((end - begin, len(rows)), np.float32)
        for column in range(begin, end):
            found = grid.levels(left[column][:, np.newaxis])[:, 0]
            if kept is not None:
                found = np.where(kept[:, moments.order[column]], found, 0)
            levels[column] = found
            factors = moments.factor[column]
            error = (left[column] - found * grid.scales) / factors[column]
            errors[column - begin] = error
            left[column + 1 : end] -= factors[column + 1 : end, np.newaxis] * error
        left[end:] -= moments.factor[begin:end, end:].T @ errors
    return _in_place(levels, moments), _scales(rows, levels, grid, moments)


def _in_place(levels: NDArray[np.int8], moments: Moments) -> NDArray[np.int8]:
    restored = np.empty(levels.shape[::-1], np.int8)
    restored[:, moments.order] = levels.T
    return restored


def _scales(
    rows: NDArray[np.float32], levels: NDArray[np.int8], grid: Grid, moments: Moments
) -> NDArray[np.float32]:
    """[R] of least squared error in the products; those of ``grid`` where a row has no other level than 0."""
    found = levels.T.astype(np.float64)
    toward = found @ moments.second
    power = (toward * found).sum(axis=1)
    shared = (toward * rows[:, moments.order]).sum(axis=1)
    fitted = np.where(power > 0, shared / np.where(power > 0, power, 1), grid.scales).astype(np.float32)
    return np.where((fitted > grid.scales / 2) & (fitted < grid.scales * 2), fitted, grid.scales)
