"""Grids for few bits: what thrift saves, and what it costs."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stapes.codec import Dense, Grid, Integers, fit


@pytest.fixture(scope="module", params=["normal", "laplace"])
def weights(request: pytest.FixtureRequest) -> NDArray[np.float32]:
    """Rows of unlike sizes."""
    rng = np.random.default_rng(0)
    rows = getattr(rng, request.param)(size=(128, 400)) * rng.uniform(0.5, 2, (128, 1))
    return rows.astype(np.float32)


def stored(weights: NDArray[np.float32], grid: Grid) -> tuple[float, float]:
    """Bits a weight, and the squared error as a share of the squares."""
    integers = Integers(grid.levels(weights), grid.scales, grid.bits, grid.codebook)
    size_bytes = len(Dense(grid.bits, coded=1).pack(integers)["codes"])
    error = float(np.square(integers.floats() - weights).sum() / np.square(weights).sum())
    return 8 * size_bytes / weights.size, error


def test_thrift_gives_more_for_the_bits_than_a_smaller_code_book(weights: NDArray[np.float32]) -> None:
    bits, error = stored(weights, fit(weights, 4, thrift=0.05))
    plain_bits, plain_error = stored(weights, fit(weights, 3))
    # A bit is worth a quarter of the squared error.
    assert error * 4**bits < 0.9 * plain_error * 4**plain_bits


def test_more_thrift_saves_more_bits(weights: NDArray[np.float32]) -> None:
    found = [stored(weights, fit(weights, 4, thrift)) for thrift in (0.0, 0.006, 0.02, 0.06, 0.15)]
    bits, errors = zip(*found, strict=True)
    assert list(bits) == sorted(bits, reverse=True)
    assert list(errors) == sorted(errors)
    assert bits[-1] < bits[0] / 1.6


def test_levels_of_a_thrifty_grid_are_those_of_a_code_book() -> None:
    weights = np.array([[0, 0, 0, 1, -1, 3]], np.float32)
    grid = fit(weights, 3, thrift=0.1)
    assert grid.codebook is not None
    assert 0 in grid.codebook
    assert np.isin(grid.levels(weights), grid.codebook).all()
    assert (grid.levels(weights)[:, :3] == 0).all()


def test_codes_without_a_code_book_know_no_thrift() -> None:
    weights = np.random.default_rng(1).normal(size=(4, 50)).astype(np.float32)
    np.testing.assert_array_equal(
        fit(weights, 6, thrift=0.1).levels(weights), fit(weights, 6).levels(weights)
    )
