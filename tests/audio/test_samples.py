"""Arrays of every kind as mono float32."""

from typing import Any

import numpy as np
import pytest

from stapes.audio import to_mono
from stapes.errors import AudioError


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([-128, 0, 127], np.int8), [-1, 0, 127 / 128]),
        (np.array([0, 128, 255], np.uint8), [-1, 0, 127 / 128]),
        (np.array([-32768, 0, 16384], np.int16), [-1, 0, 0.5]),
        (np.array([0, 32768, 49152], np.uint16), [-1, 0, 0.5]),
        (np.array([-(2**31), 0, 2**30], np.int32), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5], np.float16), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5], np.float64), [-1, 0, 0.5]),
        (np.array([[-1, 0], [0.5, 0.5], [0.25, 0.75]], np.float32), [-0.5, 0.5, 0.5]),
        (np.array([[-32768, 0], [16384, 16384]], np.int16), [-0.5, 0.5]),
        ([0.25, -0.5], [0.25, -0.5]),
        ([], []),
    ],
)
def test_full_scale_is_one(samples: Any, expected: list[float]) -> None:
    mono = to_mono(samples)
    assert mono.dtype == np.float32
    np.testing.assert_array_equal(mono, np.array(expected, np.float32))


@pytest.mark.parametrize("shape", [(), (2, 2, 2), (1, 160), (3, 0)])
def test_shapes_that_are_no_recording(shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioError) as caught:
        to_mono(np.zeros(shape), "chunk 3")
    assert str(caught.value) == (
        f"chunk 3: an array of shape {shape} is no recording; "
        "[samples] or [samples, channels] with 1 to 64 channels is expected"
    )


@pytest.mark.parametrize("samples", [np.array([1j]), np.array(["a"]), np.array([True])])
def test_types_that_are_no_samples(samples: Any) -> None:
    with pytest.raises(
        AudioError, match=r"^samples: samples of type .* are no sound; integers or floats are accepted$"
    ):
        to_mono(samples)


@pytest.mark.parametrize("bad", [[np.nan], [np.inf], [1e300], [[np.inf, -np.inf]], [[3e38, 3e38]]])
def test_only_finite_samples_are_sound(bad: Any) -> None:
    with pytest.raises(AudioError, match=r"^samples: holds samples that are NaN or infinite"):
        to_mono(np.array(bad))
