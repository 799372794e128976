"""What a packed model says about its end-pointer is checked at the door."""

import re

import numpy as np
import pytest

from stapes.engine.endpointing import SCALARS, Point, read_endpointing
from stapes.errors import FormatError

J, P, K = 5, 2, 3
D = SCALARS + P


def tensors(**changes):
    shapes = {
        "completeness": (2, 4),
        "projection": (P, J),
        "mean": (D,),
        "scale": (D,),
        "input_weight": (3 * K, D),
        "input_bias": (3 * K,),
        "recurrent_weight": (3 * K, K),
        "recurrent_bias": (3 * K,),
        "output_weight": (K,),
    }
    given = {name: np.full(shape, index, np.float32) for index, (name, shape) in enumerate(shapes.items())}
    given |= changes
    return {f"endpoint.{name}": tensor for name, tensor in given.items() if tensor is not None}


def metadata(**changes):
    point = {"speculative": 0.5, "final": 0.75, "longest_pause_ms": 1500, "measured": {"early": 0.02}}
    table = {
        "kind": "endpointer",
        "completeness_bias": -1.5,
        "output_bias": 2,
        "points": {"normal": {**point, **changes.pop("point", {})}},
    }
    return {"endpoint": table | changes}


def test_an_end_pointer_is_read():
    learned = read_endpointing(metadata(), tensors(), J)
    assert learned.completeness.tolist() == [0.0] * 8
    assert (learned.completeness_bias, learned.output_bias) == (-1.5, 2.0)
    assert learned.points == {
        "normal": Point(0.5, 0.75, longest_pause_ms=1500, measured={"early": 0.02}),
    }
    values = [
        learned.projection,
        learned.mean,
        learned.scale,
        learned.input_weight,
        learned.input_bias,
        learned.recurrent_weight,
        learned.recurrent_bias,
        learned.output_weight,
    ]
    assert [value.flat[0] for value in values] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_model_may_have_none():
    assert read_endpointing({}, {}, J) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "timer"}, "packed model: metadata: endpoint: kind: 'endpointer' is expected, got 'timer'"),
        (
            {"points": {}},
            "packed model: metadata: endpoint: points: at least one operating point is expected, got none",
        ),
        (
            {"point": {"final": 0.4}},
            "packed model: metadata: endpoint: points.normal: speculative, final: 0 < speculative <= final < 1 "
            "is expected, got 0.5 and 0.4",
        ),
        (
            {"point": {"least_pause_ms": 800}},
            "packed model: metadata: endpoint: points.normal: bounds: 0 <= 2 least_pause_ms <= longest_pause_ms "
            "<= no_speech_ms and longest_ms are expected, got 800, 1500, 8000 and 30000",
        ),
        ({"point": {"least_pause_ms": -1}}, "got -1, 1500, 8000 and 30000"),
        ({"point": {"no_speech_ms": 1000}}, "got 120, 1500, 1000 and 30000"),
    ],
)
def test_settings_that_are_refused(changes, message):
    with pytest.raises(FormatError, match=re.escape(message) + "$"):
        read_endpointing(metadata(**changes), tensors(), J)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mean": None}, "tensor 'endpoint.mean' is missing"),
        (
            {"projection": np.zeros((P, J + 1), np.float32)},
            f"tensor 'endpoint.projection': shape [any, {J}] is expected, got [{P}, {J + 1}]",
        ),
        (
            {"recurrent_weight": np.zeros((3 * K, K + 1), np.float32)},
            f"tensor 'endpoint.recurrent_weight': shape [{3 * K}, {K}] is expected, got [{3 * K}, {K + 1}]",
        ),
        (
            {"scale": np.zeros(D + 1, np.float32)},
            f"tensor 'endpoint.scale': shape [{D}] is expected, got [{D + 1}]",
        ),
        (
            {"completeness": np.zeros(8, np.float32)},
            "tensor 'endpoint.completeness': shape [any, any] is expected, got [8]",
        ),
    ],
)
def test_tensors_that_are_refused(changes, message):
    with pytest.raises(FormatError, match=re.escape(f"packed model: end-pointer: {message}") + "$"):
        read_endpointing(metadata(), tensors(**changes), J)
