import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from stapes import intmath
from stapes.errors import FormatError

levels = st.integers(-127, 127)


@settings(max_examples=40)
@given(st.data(), st.integers(1, 17), st.integers(1, 70), st.integers(0, 5))
def test_is_the_sum_of_products(data, rows, columns, batch):
    matrix = data.draw(arrays.arrays(np.int8, (rows, columns), elements=levels))
    x = data.draw(arrays.arrays(np.int8, (batch, columns), elements=levels))
    expected = [[sum(int(w) * int(a) for w, a in zip(row, one, strict=True)) for row in matrix] for one in x]
    assert intmath.Matrix(matrix)(x).tolist() == expected


@pytest.mark.parametrize("columns", [1, 64, 1040, 1041, 4097])
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_largest_sums_are_exact(columns, sign):
    """2²⁴ is passed from 1041 columns on; one weight of 126 makes the sum odd or even."""
    matrix = np.full((2, columns), 127, np.int8)
    matrix[1, -1] = 126
    x = np.full(columns, sign * 127, np.int8)
    largest = columns * 127 * 127
    assert intmath.Matrix(matrix)(x).tolist() == [sign * largest, sign * (largest - 127)]


def test_rows_of_a_batch_are_independent():
    random = np.random.default_rng(1)
    matrix = intmath.Matrix(random.integers(-127, 128, (33, 65)).astype(np.int8))
    x = random.integers(-127, 128, (7, 65))
    np.testing.assert_array_equal(matrix(x), np.stack([matrix(row) for row in x]))


def test_sums_that_might_leave_32_bits_are_refused():
    assert 127 * 127 * 2**17 < 2**31
    with pytest.raises(FormatError, match="a matrix has 131073 columns; 131072 are accepted"):
        intmath.Matrix(np.zeros((1, 2**17 + 1), np.int8))
