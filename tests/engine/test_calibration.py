"""The calibration in a packed model is checked at the door."""

import numpy as np
import pytest

from stapes.engine.calibration import read_calibration
from stapes.errors import FormatError


def metadata(**changes):
    table = {"kind": "piecewise linear", "posteriors": [0, 0.5, 1], "confidences": [0.1, 0.7, 0.9]}
    return {"calibration": table | changes}


def test_a_map_is_linear_between_its_points():
    calibration = read_calibration(metadata(measured={"words": 12, "error": 0.01}))
    assert calibration(np.array([0.0, 0.25, 0.5, 0.75, 1.0])).tolist() == pytest.approx(
        [0.1, 0.4, 0.7, 0.8, 0.9]
    )
    assert calibration.measured == {"words": 12, "error": 0.01}


def test_a_model_may_have_none():
    assert read_calibration({"network": {}}) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "isotonic"}, "kind: 'piecewise linear' is expected, got 'isotonic'"),
        ({"posteriors": [0.0], "confidences": [0.5]}, "2 to 64 of each are expected, got 1 and 1"),
        ({"posteriors": [0.0, 1.0]}, "2 to 64 of each are expected, got 2 and 3"),
        (
            {"posteriors": [0.0, 0.5, 0.9]},
            "posteriors: rising numbers from 0 to 1 are expected, got [0.0, 0.5, 0.9]",
        ),
        ({"posteriors": [0.1, 0.5, 1.0]}, "rising numbers from 0 to 1 are expected"),
        ({"posteriors": [0.0, 0.0, 1.0]}, "rising numbers from 0 to 1 are expected"),
        ({"confidences": [0.5, 0.4, 0.9]}, "confidences: numbers from 0 to 1 that never fall are expected"),
        ({"confidences": [-0.1, 0.4, 0.9]}, "numbers from 0 to 1 that never fall are expected"),
        ({"confidences": [0.1, 0.4, 1.1]}, "numbers from 0 to 1 that never fall are expected"),
        ({"confidences": "no"}, "confidences"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_map_is_refused(changes, sentence):
    with pytest.raises(FormatError) as caught:
        read_calibration(metadata(**changes))
    assert str(caught.value).startswith("packed model: metadata: calibration")
    assert sentence in str(caught.value)


def test_too_many_points_are_refused():
    points = np.linspace(0, 1, 65).tolist()
    with pytest.raises(FormatError, match="2 to 64 of each are expected, got 65 and 65"):
        read_calibration(metadata(posteriors=points, confidences=points))
