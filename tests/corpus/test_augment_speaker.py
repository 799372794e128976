"""Speed, trimming and padding do what their names say."""

import numpy as np
import pytest

from stapes.corpus.augment import levels, spectrum
from tests.corpus.augmenting import RATE_HZ, lag_samples, only, rms_db, speech_like, white


@pytest.mark.parametrize("factor", [0.88, 0.95, 1.07, 1.12])
def test_speed_changes_length_and_pitch_by_the_factor(factor):
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    result = only(speed_probability=1.0, speed_range=(factor, factor))(tone, np.random.default_rng(0))
    assert abs(len(result) - RATE_HZ / factor) <= 2
    peak_hz = np.abs(np.fft.rfft(result * np.hanning(len(result)))).argmax() * RATE_HZ / len(result)
    assert peak_hz == pytest.approx(1000 * factor, abs=2)


def test_trim_ends_between_speech_and_the_end_often_exactly_at_speech():
    speech = np.concatenate((speech_like(1.0)[:15200], 1e-4 * white(1.0, 5, 1.0)))
    trim = only(trim_probability=1.0)
    lengths = [len(trim(speech, np.random.default_rng(seed))) for seed in range(60)]
    end = levels.speech_end(speech)
    # The last syllable ends at sample 15200.
    assert 15200 <= end <= 15200 + 6 * 160
    assert min(lengths) == end
    assert 15 <= lengths.count(end) <= 45
    assert max(lengths) > end + 8000


def test_trim_keeps_a_weak_final_fricative_in_room_noise():
    rumble = spectrum.shape(white(2.0, 3), spectrum.lowpass(1000.0, 8))
    rumble *= np.float32(10 ** (-40 / 20) * 0.1 / rumble.std())
    hiss = spectrum.shape(white(0.2, 4), spectrum.highpass(4000.0, 8))
    hiss *= np.float32(10 ** (-42 / 20) * 0.1 / hiss.std())
    speech = rumble.copy()
    speech[:15200] += speech_like(1.0)[:15200]
    speech[15200 : 15200 + len(hiss)] += hiss
    end = levels.speech_end(speech)
    assert 15200 + len(hiss) <= end <= 15200 + len(hiss) + 6 * 160


def test_trim_never_cuts_speech_that_lasts_to_the_end():
    for floor in (0.0, 1e-4, 3e-3, 2e-2):
        speech = speech_like(1.95, floor)
        assert levels.speech_end(speech) == len(speech)


def test_trim_keeps_a_soft_ending_of_speech_without_pauses():
    speech = white(2.0)
    speech[-4800:] *= 0.1
    assert levels.speech_end(speech) == len(speech)


def test_trim_cuts_what_nobody_hears_after_speech():
    murmur = 10 ** (-65 / 20) * white(1.0, 5)
    speech = np.concatenate((np.zeros(8000, np.float32), speech_like(1.0, 0.0)[:15200], murmur))
    assert 23200 <= levels.speech_end(speech) <= 23200 + 6 * 160


def test_trim_leaves_silence_and_noise_alone():
    for sound in (np.zeros(8000, np.float32), white(0.5)):
        assert levels.speech_end(sound) == 8000


def test_padding_surrounds_the_speech_with_low_noise():
    pad = only(pad_probability=1.0, pad_s_range=(0.25, 0.5), pad_level_dbfs_range=(-70.0, -70.0))
    speech = speech_like()
    result = pad(speech, np.random.default_rng(0))
    start = lag_samples(np.pad(speech, (0, len(result) - len(speech))), result)
    np.testing.assert_array_equal(result[start : start + len(speech)], speech)
    assert 4000 <= start <= 8000
    assert 4000 <= len(result) - len(speech) - start <= 8000
    assert rms_db(result[:start]) == pytest.approx(-70, abs=0.5)
    assert rms_db(result[start + len(speech) :]) == pytest.approx(-70, abs=0.5)


def test_padding_after_a_trim_only_goes_before():
    speech = np.concatenate((speech_like(1.0)[:15200], np.zeros(16000, np.float32)))
    both = only(pad_probability=1.0, pad_s_range=(0.5, 0.5), trim_probability=1.0)
    ends = [len(both(speech, np.random.default_rng(seed))) for seed in range(10)]
    assert min(ends) == levels.speech_end(speech) + 8000
    assert max(ends) <= len(speech) + 8000


def test_lead_trim_begins_with_the_speech():
    late = np.concatenate((1e-4 * white(0.5, 5, 1.0), speech_like(1.0)[800:]))  # syllables begin at once
    result = only(lead_trim_probability=1.0)(late, np.random.default_rng(0))
    np.testing.assert_array_equal(result, late[-len(result) :])
    assert 0 <= len(result) - (len(late) - 8000) <= 6 * 160


def test_padding_after_a_lead_trim_only_goes_behind():
    speech = np.concatenate((np.zeros(8000, np.float32), speech_like(1.0)))
    both = only(pad_probability=1.0, pad_s_range=(0.5, 0.5), lead_trim_probability=1.0)
    trimmed = only(lead_trim_probability=1.0)(speech, np.random.default_rng(0))
    result = both(speech, np.random.default_rng(0))
    assert len(result) == len(trimmed) + 8000
    np.testing.assert_array_equal(result[: len(trimmed)], trimmed)
