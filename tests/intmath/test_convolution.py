import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stapes import intmath


@given(st.integers(3, 8), st.integers(3, 9), st.integers(1, 3), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_is_the_sum_over_the_patch(times, mels, channels, outputs, seed):
    random = np.random.default_rng(seed)
    image = random.integers(-127, 128, (times, mels, channels))
    levels = random.integers(-127, 128, (outputs, channels, 3, 3)).astype(np.int8)
    scales, biases = (
        random.random(outputs).astype(np.float32) / 200,
        random.normal(0, 1, outputs).astype(np.float32),
    )
    given = intmath.Convolution(levels, scales, biases)(image)
    assert given.shape == ((times - 1) // 2, (mels - 1) // 2, outputs)
    for t, m in np.ndindex(given.shape[:2]):
        sums = [
            sum(
                int(levels[out, c, i, j]) * int(image[2 * t + i, 2 * m + j, c])
                for c, i, j in np.ndindex(channels, 3, 3)
            )
            for out in range(outputs)
        ]
        np.testing.assert_array_equal(
            given[t, m], intmath.to_activation(scales, biases, True)(np.array(sums))
        )
        assert given.min() >= 0


def test_a_batch_of_images_is_each_by_itself():
    random = np.random.default_rng(4)
    images = random.integers(-127, 128, (3, 7, 9, 2))
    made = intmath.Convolution(
        random.integers(-127, 128, (4, 2, 3, 3)).astype(np.int8),
        np.full(4, 0.001, np.float32),
        np.zeros(4, np.float32),
    )
    np.testing.assert_array_equal(made(images), np.stack([made(image) for image in images]))


@pytest.mark.parametrize(
    ("value", "step"),
    [
        (0.5, 0),
        (1.5, 2),
        (2.5, 2),
        (-0.5, 0),
        (-1.5, -2),
        (126.5, 126),
        (127.5, 127),
        (-128, -127),
        (3e38, 127),
    ],
)
def test_features_are_rounded_half_to_even_and_saturated(value, step):
    frames = np.array([[value]], np.float32)
    given = intmath.quantise_features(frames, np.zeros(1, np.float32), np.full(1, 1 / 128, np.float32))
    assert given.dtype == np.int8
    assert given.tolist() == [[step]]
