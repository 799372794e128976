"""Streaming resampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stapes.audio import Resampler
from stapes.errors import AudioError

NOISE = np.random.default_rng(7).uniform(-1, 1, 6000).astype(np.float32)


def in_chunks(
    samples: NDArray[np.float32], sizes: list[int], from_hz: int, to_hz: int
) -> NDArray[np.float32]:
    resampler = Resampler(from_hz, to_hz)
    pieces = np.split(samples, np.minimum(np.cumsum(sizes), samples.size))
    return np.concatenate([*(resampler.push(piece) for piece in pieces), resampler.flush()])


@settings(max_examples=60, deadline=None)
@given(
    from_hz=st.sampled_from([8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 192_000]),
    sizes=st.lists(st.integers(0, 900), max_size=30),
    total=st.integers(0, 6000),
)
def test_chunking_changes_nothing(from_hz: int, sizes: list[int], total: int) -> None:
    samples = NOISE[:total]
    whole = in_chunks(samples, [], from_hz, 16_000)
    np.testing.assert_array_equal(in_chunks(samples, sizes, from_hz, 16_000), whole)
    assert abs(whole.size - total * 16_000 / from_hz) <= 0.5 + 1e-9


def test_sound_above_half_the_new_rate_is_removed() -> None:
    time = np.arange(48_000) / 48_000
    tone = np.sin(2 * np.pi * 9_000 * time).astype(np.float32)
    assert np.abs(in_chunks(tone, [], 48_000, 16_000)[500:-500]).max() < 1e-3


def test_a_flushed_stream_is_over() -> None:
    resampler = Resampler(48_000, 16_000)
    resampler.push(NOISE)
    assert resampler.flush().size > 0
    assert resampler.flush().size == 0
    with pytest.raises(AudioError, match=r"^resampling: the stream was flushed; a new Resampler is needed"):
        resampler.push(NOISE)


def test_the_output_does_not_share_memory_with_the_input() -> None:
    samples = NOISE.copy()
    output = Resampler(16_000, 16_000).push(samples)
    samples[:] = 0
    np.testing.assert_array_equal(output, NOISE)


@pytest.mark.parametrize("rates", [(7_999, 16_000), (16_000, 192_001)])
def test_rates_outside_the_range(rates: tuple[int, int]) -> None:
    with pytest.raises(
        AudioError, match=r"^resampling: a sample rate of \d+ Hz is not supported; 8000 to 192000"
    ):
        Resampler(*rates)
