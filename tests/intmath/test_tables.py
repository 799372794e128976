from decimal import Decimal, localcontext

import numpy as np
import pytest

from stapes import intmath

INPUTS = np.arange(-(2**15), 2**15)
X = INPUTS / 2**12
BOUNDS = {"sigmoid": 7e-5, "tanh": 4e-4}
TABLES = {"sigmoid": intmath.SIGMOID, "tanh": intmath.TANH}
EXACT = {"sigmoid": 1 / (1 + np.exp(-X)), "tanh": np.tanh(X)}


def knot(function, index):
    """[0, 1] or [-1, 1] at a knot, to 40 digits."""
    x = Decimal(index) / 16 - 8
    return 1 / (1 + (-x).exp()) if function == "sigmoid" else 1 - 2 / ((2 * x).exp() + 1)


@pytest.mark.parametrize("function", TABLES)
def test_every_input_is_within_the_bound(function):
    values = intmath.look_up(TABLES[function], INPUTS) / 2**15
    error = np.abs(values - EXACT[function])
    worst = int(error.argmax())
    assert error.max() <= BOUNDS[function], f"x = {INPUTS[worst]}: {values[worst]}, {EXACT[function][worst]}"


@pytest.mark.parametrize("function", TABLES)
def test_every_knot_is_rounded_right_and_far_from_a_tie(function):
    with localcontext() as context:
        context.prec = 40
        for index, given in enumerate(TABLES[function].tolist()):
            exact = knot(function, index) * 2**15
            assert abs(exact - exact.to_integral_value() - Decimal("0.5")).copy_abs() > Decimal("8e-4")
            assert given == max(min(round(exact), 2**15 - 1), 1 - 2**15)


@pytest.mark.parametrize("function", TABLES)
def test_never_falls(function):
    assert (np.diff(intmath.look_up(TABLES[function], INPUTS)) >= 0).all()


@pytest.mark.parametrize("function", TABLES)
def test_is_the_knot_at_a_knot_and_rounded_half_up_between(function):
    table = TABLES[function]
    assert intmath.look_up(table, INPUTS[::256]).tolist() == table[:-1].tolist()
    for place in (1, 77, 128, 255):
        low, high = table[:-1], table[1:]
        assert intmath.look_up(table, INPUTS[place::256]).tolist() == [
            a + ((b - a) * place + 128) // 256 for a, b in zip(low.tolist(), high.tolist(), strict=True)
        ]


def test_the_tables_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        intmath.TANH[0] = 0
