import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stapes import intmath
from stapes.intmath.norm import normed

values = st.integers(-(2**15), 2**15 - 1)
streams = st.one_of(
    st.lists(values, min_size=1, max_size=70), st.lists(st.integers(-2, 2), min_size=1, max_size=70)
)


def by_the_formula(stream):
    """Section 5 of the specification in Python's integers."""
    width, total = len(stream), sum(stream)
    spread = width * sum(s * s for s in stream) - total**2 + (width**2 * 2**20 + 50000) // 100000
    exponent = (spread.bit_length() - 31) >> 1
    v = spread // 4**exponent if exponent >= 0 else spread * 4**-exponent
    assert 2**30 <= v < 2**32
    r = 2**31 // math.isqrt(v)
    assert 2**15 <= r <= 2**16
    return [((width * s - total) * r + 2 ** (exponent + 18)) >> (exponent + 19) for s in stream]


@given(streams)
def test_is_the_formula(stream):
    assert normed(np.array(stream)).tolist() == by_the_formula(stream)


@given(streams)
def test_is_layer_norm(stream):
    """Within half a step of 2⁻¹², and 2⁻¹⁴ of the value for the reciprocal root."""
    x = np.array(stream) / 2**10
    exact = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
    # The epsilon itself is rounded: one unit of H² · variance matters where H is 1 or 2.
    rounding = 2.0**-13 + np.abs(exact) * (2.0**-14 + 0.05 / len(stream) ** 2)
    assert (np.abs(normed(np.array(stream)) / 2**12 - exact) <= rounding).all()


@pytest.mark.parametrize("width", [1, 2, 17, 4095, 4096])
@pytest.mark.parametrize("ends", [(-(2**15), 2**15 - 1), (2**15 - 1, 2**15 - 1), (0, 1)])
def test_extremes_do_not_overflow(width, ends):
    stream = np.array([ends[index % 2] for index in range(width)])
    assert normed(stream).tolist() == by_the_formula(stream.tolist())
    stream = np.full(width, ends[0])
    stream[-1] = ends[1]
    assert normed(stream).tolist() == by_the_formula(stream.tolist())


def test_gains_and_biases_are_applied_and_the_result_saturates():
    stream = np.array([-1024, 1024])
    layer_norm = intmath.LayerNorm(np.array([0.5, 0.5], np.float32), np.array([0.25, 0.75], np.float32))
    assert layer_norm(stream).tolist() == [-32, 127]


def test_rows_of_a_batch_are_independent():
    batch = np.random.default_rng(0).integers(-3000, 3000, (2, 3, 19))
    rows = [[normed(row) for row in rows] for rows in batch]
    np.testing.assert_array_equal(normed(batch), np.array(rows))
