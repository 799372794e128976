from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stapes import intmath
from stapes.errors import FormatError
from stapes.intmath.requantise import Requantiser

INT16 = (-(2**15), 2**15 - 1)
accumulators = st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from([-(2**31), 2**31 - 1, 0]))
multipliers = st.one_of(st.integers(-(2**31) + 1, 2**31 - 1), st.sampled_from([2**31 - 1, 1 - 2**31, 0]))
biases = st.one_of(st.integers(-(2**30), 2**30), st.sampled_from([2**30, -(2**30)]))
scales = st.floats(2.0**-126, 2.0**17, width=32)


@given(accumulators, multipliers, biases, st.integers(8, 39))
def test_is_the_formula_without_overflow(accumulator, multiplier, bias, shift):
    made = Requantiser(np.array([multiplier]), np.array([bias]), shift, (-(2**62), 2**62))
    exact = (accumulator * multiplier + (bias + 128) * 2 ** (shift - 8)) // 2**shift
    assert made(np.array([accumulator]))[0] == exact


@given(accumulators, st.lists(scales, min_size=1, max_size=4), st.floats(-8, 8, width=32))
def test_is_the_product_rounded_half_up(accumulator, scales, bias):
    given = np.array(scales, np.float32)
    made = intmath.requantiser(given, np.full(len(scales), bias, np.float32), (7, 12), INT16)
    for row, output in enumerate(made(np.full(len(scales), accumulator))):
        exact = accumulator * Fraction(float(given[row])) * 2**5 + Fraction(bias) * 2**12
        # Half a step; the rounding of the multiplier, at most 2⁻¹ of 2⁻³⁹ or of the largest scale; of the bias.
        rounded_scale = abs(accumulator) * max(
            Fraction(1, 2**40), Fraction(float(given.max())) * 2**5 / 2**31
        )
        bound = Fraction(1, 2) + rounded_scale + Fraction(1, 512)
        assert abs(output - min(max(exact, INT16[0]), INT16[1])) <= bound


def test_halves_go_up():
    made = intmath.requantiser(np.array([0.5], np.float32), None, (7, 7), (-127, 127))
    assert made(np.array([[-3], [-1], [1], [3]])).tolist() == [[-1], [0], [1], [2]]


@pytest.mark.parametrize("bounds", [(-127, 127), (0, 127), INT16])
def test_saturates(bounds):
    made = intmath.requantiser(np.array([1.0], np.float32), None, (7, 7), bounds)
    assert made(np.array([[-(2**31)], [2**31 - 1]])).tolist() == [[bounds[0]], [bounds[1]]]


def test_a_row_without_weights_keeps_its_bias():
    made = intmath.to_stream(np.zeros(2, np.float32), np.array([1.5, -40.0], np.float32))
    assert made(np.zeros(2, np.int64)).tolist() == [1536, -32768]


def test_a_scale_of_2_to_the_23_output_steps_is_refused():
    text = "integer arithmetic: a scale is 8.38861e[+]06 output steps; less than 8388608 are accepted"
    with pytest.raises(FormatError, match=text):
        intmath.to_gates(np.array([1.0, 2.0**18], np.float32), np.zeros(2, np.float32))
