"""Integers for given weights: nearest levels, and code books after Lloyd, "Least squares quantization in PCM" (1982).

Shape letters: R rows, C columns, K entries of a code book, N bins of a histogram.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.codec.integers import CODEBOOK_BITS, LARGEST_SCALE, LEVEL_MAX, SMALLEST_SCALE, Integers

LARGEST_WEIGHT = LEVEL_MAX * LARGEST_SCALE
_BINS = 4096
_ITERATIONS = 100
_REFINEMENTS = 3


def largest_level(bits: int) -> int:
    """The largest level of codes of ``bits``: 31 for 6, 127 for others."""
    return min(LEVEL_MAX, 2 ** (bits - 1) - 1) if bits > CODEBOOK_BITS else LEVEL_MAX


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the weights of a matrix can lie, and which of these places a weight is moved to.

    Args:
        bits: of a code.
        scales: [R] as in `Integers`.
        codebook: [K] as in `Integers`.
        borders: [K - 1] between the levels of ``codebook``, in levels; None where there is none.
    """

    bits: int
    scales: NDArray[np.float32]
    codebook: NDArray[np.int8] | None = None
    borders: NDArray[np.float64] | None = None

    def levels(self, rows: NDArray[np.floating]) -> NDArray[np.int8]:
        """[R, C] the level of each weight in ``rows`` [R, C]; the lower one on a border."""
        if self.codebook is not None and self.borders is not None:
            return _between(rows, self.scales, self.codebook, self.borders)
        highest = largest_level(self.bits)
        rounded: NDArray[np.int8] = np.clip(np.rint(_relative(rows, self.scales)), -highest, highest).astype(
            np.int8
        )
        return rounded


def fit(array: NDArray[np.float32], bits: int, thrift: float = 0.0) -> Grid:
    """A grid of ``bits`` for ``array``: finite, at least one axis, up to ±127 · 2¹²¹.

    For 6 and 8 bits the largest weight of a row decides its scale. For fewer, a code book is fitted to all rows, each
    divided by its root mean square, and then the scale of each row to the code book, by least squares.

    Args:
        array: the weights; zeros do not count, they are always met.
        bits: of a code.
        thrift: the squared error, as a share of the mean square of the weights, that is allowed for each bit that
            an entropy coder saves: Chou, Lookabaugh and Gray, "Entropy-constrained vector quantization" (1989).
            Only for codes with a code book.
    """
    rows = array.reshape(len(array), -1)
    if bits > CODEBOOK_BITS:
        return Grid(bits, _normal(np.abs(rows).max(axis=1) / np.float32(largest_level(bits))))
    # In double precision, and with a peak of 1: squares of float32 weights could overflow.
    peak = float(np.abs(rows).max()) or 1.0
    codebook, borders, relative = _fit(rows.astype(np.float64) / peak, bits, thrift)
    return Grid(bits, _normal((relative * peak).astype(np.float32)), codebook, borders)


def quantise(array: NDArray[np.float32], bits: int) -> Integers:
    """The integers of ``bits`` nearest to ``array``, on the grid that `fit` gives."""
    grid = fit(array, bits)
    levels = grid.levels(array.reshape(len(array), -1))
    return Integers(levels.reshape(array.shape), grid.scales, bits, grid.codebook)


def error_bound(array: NDArray[np.float32], integers: Integers) -> NDArray[np.float64]:
    """Half the widest gap between levels, and how far a weight lies beyond them, with the rounding of float32."""
    rows = array.reshape(len(array), -1).astype(np.float64)
    highest = largest_level(integers.bits)
    levels = np.arange(-highest, highest + 1) if integers.codebook is None else integers.codebook
    scales = integers.scales.astype(np.float64)[:, np.newaxis]
    gap = np.diff(levels.astype(np.float64)).max() / 2 * scales
    beyond = np.maximum(rows - levels.max() * scales, levels.min() * scales - rows)
    bound = np.maximum(gap, beyond) + np.abs(rows) * 2.0**-22 + scales * 2.0**-16
    return np.where(scales > 0, bound, np.abs(rows)).reshape(array.shape)


def _relative(rows: NDArray[np.floating], scales: NDArray[np.floating]) -> NDArray[np.floating]:
    """[R, C] weights in steps of their row; 0 where the scale is 0."""
    return rows / np.where(scales > 0, scales, np.inf)[:, np.newaxis].astype(rows.dtype)


def _between(
    rows: NDArray[np.floating],
    scales: NDArray[np.floating],
    codebook: NDArray[np.int8],
    borders: NDArray[np.float64],
) -> NDArray[np.int8]:
    """[R, C] the level of ``codebook`` between whose ``borders`` each weight lies; the lower one on a border."""
    found: NDArray[np.int8] = codebook[np.searchsorted(borders.astype(rows.dtype), _relative(rows, scales))]
    return found


def _normal(scales: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(scales >= SMALLEST_SCALE, np.minimum(scales, np.float32(LARGEST_SCALE)), np.float32(0))


def _fit(
    rows: NDArray[np.float64], bits: int, thrift: float
) -> tuple[NDArray[np.int8], NDArray[np.float64], NDArray[np.float64]]:
    """A code book for all ``rows``, its borders, and a scale for each row; zeros do not count."""
    counts = np.maximum(np.count_nonzero(rows, axis=1), 1)
    spread = np.sqrt((rows * rows).sum(axis=1) / counts)
    relative = rows / np.where(spread > 0, spread, 1)[:, np.newaxis]
    levels, shifts = _lloyd(*_histogram(relative, spread), 2**bits, thrift)
    largest = np.abs(levels).max() or 1.0
    codebook = np.rint(levels / largest * LEVEL_MAX).astype(np.int8)
    borders = _borders(codebook.astype(np.float64), shifts / largest * LEVEL_MAX)
    scales = spread * largest / LEVEL_MAX
    for _ in range(_REFINEMENTS):
        found = _between(rows, scales, codebook, borders).astype(np.float64)
        power = (found * found).sum(axis=1)
        scales = np.where(power > 0, (rows * found).sum(axis=1) / np.where(power > 0, power, 1), scales)
    return codebook, borders, scales


def _histogram(
    relative: NDArray[np.float64], spread: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[N] places and the masses there; an error counts as it will in the weights."""
    edge = np.abs(relative).max() or 1.0
    masses = np.broadcast_to((spread * spread)[:, np.newaxis], relative.shape)
    kept = relative != 0
    found, edges = np.histogram(relative[kept], _BINS, (-edge, edge), weights=masses[kept])
    return (edges[1:] + edges[:-1]) / 2, found


def _lloyd(
    places: NDArray[np.float64], masses: NDArray[np.float64], count: int, thrift: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[K] levels of least squared error and ``thrift`` times bits, rising, one of them 0; and by how much the [K - 1]
    borders between them lie above the middles."""
    # Panter and Dite (1951): the best levels lie as densely as the cube root of the density.
    density = np.cumsum(np.cbrt(masses) + 1e-12)
    quantiles = (np.arange(count) + 0.5) / count * density[-1]
    levels = _with_zero(places[np.searchsorted(density, quantiles)])
    if thrift > 0:
        # Levels lie evenly where bits count: a step of d has a mean squared error of d² / 12, and log2 d bits less.
        levels = np.sqrt(6 * thrift / np.log(2)) * (np.arange(count) - count // 2 + 1)
    mass, moment = (np.concatenate([[0.0], np.cumsum(x)]) for x in (masses, masses * places))
    shifts = np.zeros(count - 1)
    for _ in range(_ITERATIONS):
        cells = np.concatenate([[0], np.searchsorted(places, _borders(levels, shifts)), [len(places)]])
        inside, sums = np.diff(mass[cells]), np.diff(moment[cells])
        levels = _with_zero(np.where(inside > 0, sums / np.where(inside > 0, inside, 1), levels))
        if thrift > 0:
            bits = -np.log2(np.maximum(inside / mass[-1], 2.0**-20))
            shifts = thrift * np.diff(bits) / (2 * np.maximum(np.diff(levels), 1e-9))
    return levels, shifts


def _borders(levels: NDArray[np.float64], shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    """[K - 1] rising."""
    borders: NDArray[np.float64] = np.maximum.accumulate((levels[1:] + levels[:-1]) / 2 + shifts)
    return borders


def _with_zero(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """``levels`` in rising order, the one nearest to 0 moved there."""
    levels = levels.copy()
    levels[np.abs(levels).argmin()] = 0
    return np.sort(levels)
