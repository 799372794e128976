"""Microphones and electronics change what they should and nothing else."""

import itertools

import numpy as np
import pytest

from stapes.corpus.augment import FILE_CODECS, distortion, spectrum
from tests.corpus.augmenting import gain_db, lag_samples, only, rms_db, snr_db, speech_like, white


def test_lowpass_removes_what_lies_above():
    cut = only(lowpass_probability=1.0, lowpass_hz_range=(3500.0, 3500.0))
    for seed in range(5):
        before = white(2.0)
        after = cut(before, np.random.default_rng(seed))
        assert gain_db(before, after, 100, 2000) == pytest.approx(0, abs=0.3)
        assert gain_db(before, after, 3400, 3600) == pytest.approx(-3, abs=0.5)
        assert gain_db(before, after, 7000, 8000) < -22


def test_highpass_removes_what_lies_below():
    cut = only(highpass_probability=1.0, highpass_hz_range=(200.0, 200.0))
    for seed in range(5):
        before = white(4.0)
        after = cut(before, np.random.default_rng(seed))
        assert gain_db(before, after, 1500, 8000) == pytest.approx(0, abs=0.3)
        assert gain_db(before, after, 190, 211) == pytest.approx(-3, abs=0.5)
        assert gain_db(before, after, 10, 50) < -10


def test_telephone_keeps_300_to_3400_hz():
    before = white(4.0)
    after = only(telephone_probability=1.0)(before, np.random.default_rng(0))
    assert gain_db(before, after, 600, 2800) == pytest.approx(0, abs=0.3)
    assert gain_db(before, after, 290, 311) == pytest.approx(-3, abs=0.5)
    assert gain_db(before, after, 3300, 3500) == pytest.approx(-3, abs=0.7)
    assert gain_db(before, after, 0, 100) < -30
    assert gain_db(before, after, 5000, 8000) < -30


def test_equaliser_is_smooth_and_within_its_range():
    before, equaliser = white(4.0), only(equaliser_probability=1.0)
    edges_hz = np.geomspace(60, 7600, 25)
    spans = []
    for seed in range(10):
        after = equaliser(before, np.random.default_rng(seed))
        bands_db = np.array([gain_db(before, after, *band) for band in itertools.pairwise(edges_hz)])
        assert np.abs(bands_db).max() <= 8.2
        # Five stretches over seven octaves: at most 16 dB per 1.4 octaves, that is 3.4 dB from band to band.
        assert np.abs(np.diff(bands_db)).max() < 3.6
        spans.append(np.ptp(bands_db))
    assert np.mean(spans) > 5


@pytest.mark.parametrize("samples", [1, 7, 161, 16001, 65537])
def test_fast_length_is_the_next_smooth_number(samples):
    def smooth(number: int) -> bool:
        for prime in (2, 3, 5):
            while number % prime == 0:
                number //= prime
        return number == 1

    expected = next(number for number in range(samples, 2 * samples + 1) if smooth(number))
    assert spectrum.fast_length(samples) == expected


def test_fast_length_of_very_long_sound_is_a_power_of_two():
    assert spectrum.fast_length((1 << 22) + 1) == 1 << 23


def test_overdrive_cuts_peaks_and_leaves_the_rest():
    speech = speech_like()
    result = only(clip_probability=1.0, clip_drive_db_range=(6.0, 6.0))(speech, np.random.default_rng(0))
    ceiling = np.abs(speech).max() * 10 ** (-6 / 20)
    assert np.abs(result).max() == pytest.approx(ceiling, rel=1e-5)
    quiet = np.abs(speech) < ceiling
    np.testing.assert_array_equal(result[quiet], speech[quiet])
    assert (~quiet).any()


def test_mu_law_is_g711_like():
    speech = speech_like()
    result = distortion.mu_law(speech)
    assert len(np.unique(result)) <= 255
    assert 33 < snr_db(speech, result) < 42
    np.testing.assert_array_equal(distortion.mu_law(np.float32([0, 1, -1, 5, -5])), [0, 1, -1, 1, -1])


@pytest.mark.parametrize("bits", [4, 8])
def test_quantise_leaves_as_many_values_as_bits_allow(bits):
    speech = white(2.0)
    result = distortion.quantise(speech, bits)
    assert 2 ** (bits - 1) < len(np.unique(result)) <= 2**bits
    step = np.abs(speech).max() / (2 ** (bits - 1) - 1)
    assert np.abs(result - speech).max() <= step / 2 * 1.001


def test_narrowband_removes_what_lies_above_4_khz():
    before = white(2.0)
    after = distortion.narrowband(before)
    assert len(after) == len(before)
    assert gain_db(before, after, 100, 3500) == pytest.approx(0, abs=0.2)
    assert gain_db(before, after, 4200, 8000) < -50


@pytest.mark.parametrize("codec", FILE_CODECS)
def test_codecs_lose_something_but_neither_samples_nor_alignment(codec):
    speech = spectrum.shape(speech_like(1.3), spectrum.lowpass(1000.0, 2))
    result = only(codec_probability=1.0, codecs=(codec,))(speech, np.random.default_rng(0))
    assert result.shape == speech.shape
    assert abs(lag_samples(speech, result)) <= 1
    assert 0.7 < np.corrcoef(speech, result)[0, 1] < 0.9999
    assert rms_db(result) == pytest.approx(rms_db(speech), abs=3)
    np.testing.assert_array_equal(result, distortion.lossy(speech, codec))


@pytest.mark.parametrize("codec", FILE_CODECS)
@pytest.mark.parametrize("length", [1, 161])
def test_codecs_survive_short_and_silent_sound(codec, length):
    for sound in (white(1.0)[:length], np.zeros(length, np.float32)):
        result = distortion.lossy(sound, codec)
        assert result.shape == (length,)
        assert np.isfinite(result).all()


def test_offset_moves_the_mean():
    speech = speech_like()
    result = only(offset_probability=1.0, offset_range=(0.015, 0.015))(speech, np.random.default_rng(0))
    np.testing.assert_allclose(result - speech, 0.015, atol=1e-6)


def test_gain_changes_the_level_and_clips_at_full_scale():
    speech = speech_like()
    softer = only(gain_probability=1.0, gain_db_range=(-20.0, -20.0))(speech, np.random.default_rng(0))
    assert rms_db(softer) - rms_db(speech) == pytest.approx(-20, abs=0.01)
    louder = only(gain_probability=1.0, gain_db_range=(20.0, 20.0))(speech, np.random.default_rng(0))
    assert np.abs(louder).max() == 1
    assert (np.abs(louder) == 1).mean() > 0.1
