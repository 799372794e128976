import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stapes import intmath

int16 = st.integers(-(2**15), 2**15 - 1)


def sigmoid(x):
    return int(intmath.look_up(intmath.SIGMOID, np.array(x)))


def tanh(x):
    return int(intmath.look_up(intmath.TANH, np.array(x)))


def clamp(value, low, high):
    return min(max(value, low), high)


@given(int16, int16, int16, int16, int16)
def test_a_step_is_the_formula_and_fits_32_bits(i, f, g, o, cell):
    total = sigmoid(f) * cell + ((sigmoid(i) * tanh(g)) >> 4) + 2**14
    assert abs(total) < 2**31
    after = clamp(total >> 15, -(2**15), 2**15 - 1)
    output = (sigmoid(o) * tanh(clamp(2 * after, -(2**15), 2**15 - 1)) + 2**14) >> 15
    given, state = intmath.lstm_step(np.array([i, f, g, o]), np.array([cell]))
    assert (given.tolist(), state.tolist()) == ([output], [after])


@given(int16, int16, int16, int16, st.integers(-(2**14), 2**14))
def test_a_step_is_an_lstm(i, f, g, o, cell):
    """Bounds: 7e-5 and 4e-4 of the tables, half steps of 2⁻¹¹ and 2⁻¹⁵, and for |cell| up to 8 its factor."""
    output, after = intmath.lstm_step(np.array([i, f, g, o]), np.array([cell]))
    i, f, g, o = (value / 2**12 for value in (i, f, g, o))
    s = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731 – the formula reads better so
    exact = s(f) * cell / 2**11 + s(i) * np.tanh(g)
    assert abs(after[0] / 2**11 - exact) <= 8 * 7e-5 + 7e-5 + 4e-4 + 2**-12 + 2**-25
    bound = 7e-5 + 4e-4 + abs(after[0] / 2**11 - exact) + 2**-16
    assert abs(output[0] / 2**15 - s(o) * np.tanh(exact)) <= bound


def test_a_layer_of_several_units_keeps_the_order_of_the_gates():
    gates, cell = np.random.default_rng(0).integers(-(2**15), 2**15, (2, 4, 5)), np.arange(10).reshape(2, 5)
    output, after = intmath.lstm_step(gates.reshape(2, 20), cell)
    for row in range(2):
        for unit in range(5):
            one = intmath.lstm_step(gates[row, :, unit], cell[row, unit : unit + 1])
            assert (output[row, unit], after[row, unit]) == (one[0][0], one[1][0])


def test_the_stream_saturates_and_rounds_half_up():
    stream, output = np.array([32767, -32768, 0, 0, 0]), np.array([32000, -32000, 16, 15, -16])
    assert intmath.add_to_stream(stream, output).tolist() == [32767, -32768, 1, 0, 0]


def test_eight_bits_saturate_and_round_half_up():
    given = np.array([-32768, -32767, -32513, -32512, -128, 127, 128, 32639, 32640, 32767])
    assert intmath.to_int8(given).tolist() == [-127, -127, -127, -127, 0, 0, 1, 127, 127, 127]


@given(int16, int16)
def test_the_joint_is_tanh_of_the_sum(frame, prediction):
    expected = tanh(clamp(4 * (frame + prediction), -(2**15), 2**15 - 1))
    given = intmath.joint_activation(np.array([frame]), np.array([prediction]))
    assert given.tolist() == [clamp((expected + 128) >> 8, -127, 127)]
