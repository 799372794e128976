import kaldi_native_fbank as knf
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.errors import ConfigError
from stapes.features import Fbank, FbankConfig
from tests import AN4

RECORDINGS = sorted(AN4.glob("*.flac"))


def kaldi(samples):
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = 80
    options.mel_opts.low_freq = 20
    options.mel_opts.high_freq = 7600
    bank = knf.OnlineFbank(options)
    bank.accept_waveform(16000, samples.tolist())
    bank.input_finished()
    return np.array([bank.get_frame(index) for index in range(bank.num_frames_ready)]).reshape(-1, 80)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_agrees_with_kaldi_on_real_speech(path):
    samples, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_allclose(Fbank()(samples), kaldi(samples), atol=1e-3)


def test_real_recordings_are_there():
    assert len(RECORDINGS) >= 3


@pytest.mark.parametrize("length", [80, 100, 119, 121, 200, 279, 280, 281, 400, 1000])
def test_agrees_with_kaldi_on_short_signals(length):
    samples = np.random.default_rng(length).uniform(-1, 1, length).astype(np.float32)
    np.testing.assert_allclose(Fbank()(samples), kaldi(samples), atol=1e-3)


def test_silence_is_the_logarithm_of_the_floor():
    frames = Fbank()(np.zeros(1600, np.float32))
    assert frames.shape == (10, 80)
    assert np.all(frames == np.float32(np.log(np.finfo(np.float32).eps)))


@pytest.mark.parametrize(("length", "frames"), [(0, 0), (1, 0), (79, 0), (80, 1), (239, 1), (240, 2)])
def test_number_of_frames(length, frames):
    assert Fbank()(np.zeros(length, np.float32)).shape == (frames, 80)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=12), st.integers(0, 2**32 - 1))
def test_streaming_equals_offline_for_every_chunking(lengths, seed):
    samples = np.random.default_rng(seed).normal(0, 0.1, sum(lengths)).astype(np.float32)
    bank = Fbank()
    state, parts, position = bank.init_state(), [], 0
    for length in lengths:
        frames, state = bank.step(samples[position : position + length], state)
        parts.append(frames)
        position += length
    parts.append(bank.flush(state))
    np.testing.assert_array_equal(np.concatenate(parts), bank(samples))


def test_state_stays_small():
    bank = Fbank()
    state = bank.init_state()
    for _ in range(50):
        _, state = bank.step(np.zeros(1600, np.float32), state)
        assert len(state.pending) <= 800


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"mel_bins": 0}, "mel_bins: 1 to 128 is expected, got 0"),
        ({"high_hz": 9000.0}, "low_hz, high_hz: 0 <= low < high <= 8000 is expected, got 20, 9000"),
        ({"shift_ms": 0.0}, r"shift_ms: more than 0 and at most window_ms \(25.0\) is expected, got 0.0"),
        ({"sample_rate_hz": 4000}, "sample_rate_hz: 8000 or more is expected, got 4000"),
        ({"preemphasis": 1.5}, "preemphasis: 0 to 1 is expected, got 1.5"),
    ],
)
def test_wrong_settings_are_named(setting, text):
    with pytest.raises(ConfigError, match=text):
        FbankConfig(**setting)


def test_filters_too_narrow_are_refused():
    with pytest.raises(ConfigError, match="128 filters are too narrow"):
        Fbank(FbankConfig(mel_bins=128, high_hz=400.0))
