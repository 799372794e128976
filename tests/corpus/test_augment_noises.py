"""Noises, voices and backgrounds have their ratio to the speech and their spectrum."""

import itertools

import numpy as np
import pytest

from stapes.corpus.augment import AugmentConfig, Augmenter, levels, noises
from tests.corpus.augmenting import OFF, RATE_HZ, babble, gain_db, only, rms_db, snr_db, speech_like, white


@pytest.mark.parametrize("wanted_db", [0.0, 10.0, 30.0])
def test_noise_is_mixed_at_the_wanted_ratio(wanted_db):
    noise = only(noise_probability=1.0, noise_snr_db_range=(wanted_db, wanted_db))
    speech = speech_like(3.0)
    measured = [snr_db(speech, noise(speech, np.random.default_rng(seed))) for seed in range(25)]
    assert min(measured) > wanted_db - 0.1
    # Segments between two impacts may stay quieter.
    assert np.percentile(measured, 80) == pytest.approx(wanted_db, abs=0.1)


def test_pauses_do_not_lower_the_level_of_speech():
    speech = speech_like(1.0)
    padded = np.concatenate((np.zeros(48000, np.float32), speech))
    assert levels.active_power(padded) == pytest.approx(levels.active_power(speech), rel=1e-3)


def test_noise_is_heard_in_silence():
    noise = only(noise_probability=1.0, noise_snr_db_range=(20.0, 20.0))
    result = noise(np.zeros(32000, np.float32), np.random.default_rng(0))
    assert rms_db(result) == pytest.approx(-50, abs=0.1)


def test_babble_mixes_the_asked_number_of_voices_at_the_wanted_ratio():
    calls = []

    def counted(rng: np.random.Generator) -> np.ndarray:
        calls.append(rng)
        return babble(rng)

    crowd = only(babble_probability=1.0, babble_snr_db_range=(5.0, 5.0), babble_voices_range=(3, 8))
    speech = speech_like(2.5)
    counts = set()
    for seed in range(60):
        calls.clear()
        result = crowd(speech, np.random.default_rng(seed), counted)
        assert snr_db(speech, result) == pytest.approx(5, abs=0.1)
        counts.add(len(calls))
    assert counts == {3, 4, 5, 6, 7, 8}


def test_soft_voices_are_heard_beside_loud_ones():
    time_s = np.arange(RATE_HZ) / RATE_HZ
    voices = itertools.cycle(
        (level * np.sin(2 * np.pi * tone_hz * time_s)).astype(np.float32)
        for level, tone_hz in ((0.5, 500), (0.001, 2000))
    )
    crowd = only(babble_probability=1.0, babble_voices_range=(4, 4))
    speech = np.zeros(RATE_HZ, np.float32)
    result = crowd(speech, np.random.default_rng(0), lambda rng: next(voices))
    spectrum_db = 20 * np.log10(np.abs(np.fft.rfft(result))[[500, 2000]])
    assert abs(spectrum_db[0] - spectrum_db[1]) < 12


def test_a_gap_between_impacts_is_not_amplified():
    speech = speech_like()
    gap = white(2.0, 9, 0.001)
    assert snr_db(speech, levels.mix(speech, gap, 10.0)) == pytest.approx(10 + 60 - 10, abs=0.5)


def test_babble_without_voices_is_no_babble():
    crowd, speech = only(babble_probability=1.0), speech_like()
    np.testing.assert_array_equal(crowd(speech, np.random.default_rng(0)), speech)
    silent = crowd(speech, np.random.default_rng(0), lambda rng: np.zeros(0, np.float32))
    np.testing.assert_array_equal(silent, speech)


@pytest.mark.parametrize("kind", noises.KINDS)
def test_noise_clips_have_unit_power_and_loop_without_a_click(kind):
    clip = noises.KINDS[kind](np.random.default_rng(7))
    assert clip.shape == (noises.CLIP_SAMPLES,)
    assert np.mean(np.square(clip)) == pytest.approx(1, rel=1e-3)
    jumps = np.abs(np.diff(clip))
    assert abs(clip[0] - clip[-1]) <= np.percentile(jumps, 99.99)


def test_bands_of_a_texture_come_and_go_on_their_own():
    def band_levels_db(clip, low_hz, high_hz):
        spectrum, bins_hz = np.fft.rfft(clip), np.fft.rfftfreq(len(clip), 1 / RATE_HZ)
        band = np.fft.irfft(np.where((bins_hz >= low_hz) & (bins_hz < high_hz), spectrum, 0))
        return 10 * np.log10(np.square(band).reshape(-1, 1 << 12).mean(axis=1))

    def spread_and_likeness(make):
        pairs = [
            [band_levels_db(make(np.random.default_rng(seed)), *band) for band in ((60, 100), (1100, 1800))]
            for seed in range(6)
        ]
        likeness = [abs(np.corrcoef(low, high)[0, 1]) for low, high in pairs]
        return np.mean([np.std(low) for low, _ in pairs]), np.mean(likeness)

    textured, swelling = spread_and_likeness(noises.texture), spread_and_likeness(noises.banded)
    assert textured[0] > 3
    assert textured[1] < 0.5 < swelling[1]


def test_music_has_notes():
    def flatness(clip):
        power = np.square(np.abs(np.fft.rfft(clip[: 1 << 13] * np.hanning(1 << 13))))[30:2000] + 1e-9
        return np.exp(np.mean(np.log(power))) / np.mean(power)

    tunes = [flatness(noises.music(np.random.default_rng(seed))) for seed in range(40)]
    assert np.all(np.isfinite(tunes))
    assert np.median(tunes) < 0.1 < flatness(noises.coloured(np.random.default_rng(0), 0.0))


@pytest.mark.parametrize("slope_db", [0.0, -3.0, -6.0])
def test_coloured_noise_has_its_slope(slope_db):
    clip = noises.coloured(np.random.default_rng(0), slope_db)
    flat = noises.coloured(np.random.default_rng(1), 0.0)
    low, high = gain_db(flat, clip, 200, 400), gain_db(flat, clip, 3200, 6400)
    assert (high - low) / 4 == pytest.approx(slope_db, abs=0.3)


def test_hum_is_mains_and_harmonics_only():
    clip = noises.hum(np.random.default_rng(0))
    power = np.square(np.abs(np.fft.rfft(clip)))
    peaks_hz = np.flatnonzero(power > 1e-6 * power.max()) * RATE_HZ / len(clip)
    base_hz = 50 if abs(peaks_hz[0] - 50) < 1 else 60
    assert len(peaks_hz) >= 3
    np.testing.assert_allclose(peaks_hz / base_hz, np.rint(peaks_hz / base_hz), atol=0.01)


def test_recorded_noises_are_heard_as_often_as_made_ones():
    # A tone at full scale and a quiet one: both are mixed at the level that is asked for.
    times = np.arange(RATE_HZ) / RATE_HZ
    recorded = [(level * np.sin(2 * np.pi * 1000 * times)).astype(np.float32) for level in (1.0, 0.01)]
    config = AugmentConfig(**{**OFF, "noise_probability": 1.0, "noise_snr_db_range": (10.0, 10.0)})
    augmenter, clean = Augmenter(config, recorded=recorded), speech_like()
    noisy = [augmenter(clean, np.random.default_rng(seed)) for seed in range(60)]
    added = [sound - clean for sound in noisy]

    def is_tone(sound):
        power = np.square(np.abs(np.fft.rfft(sound)))
        return power[1990:2011].sum() > 0.99 * power.sum()

    tones = [sound for sound in added if is_tone(sound)]
    assert 20 <= len(tones) <= 40
    for sound in tones:
        assert snr_db(clean, clean + sound) == pytest.approx(10, abs=0.1)
    backgrounds = [augmenter.background(32000, np.random.default_rng(seed)) for seed in range(60)]
    assert 10 <= sum(is_tone(sound) for sound in backgrounds if sound.any()) <= 35


def test_a_silent_recording_among_the_noises_is_silence():
    config = AugmentConfig(**{**OFF, "noise_probability": 1.0})
    augmenter, clean = Augmenter(config, recorded=[np.zeros(16000, np.float32)]), speech_like()
    noisy = [augmenter(clean, np.random.default_rng(seed)) for seed in range(20)]
    assert np.isfinite(noisy).all()
    assert 4 <= sum(np.array_equal(sound, clean) for sound in noisy) <= 16


def test_loop_repeats_seamlessly():
    sound = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(levels.loop(sound, 3, 2), [3, 4])
    np.testing.assert_array_equal(levels.loop(sound, 3, 9), [3, 4, 0, 1, 2, 3, 4, 0, 1])


def test_backgrounds_are_silence_and_noise_of_many_levels():
    augmenter = Augmenter(AugmentConfig())
    rng = np.random.default_rng(0)
    sounds = [augmenter.background(8000, rng) for _ in range(60)]
    assert all(sound.shape == (8000,) and sound.dtype == np.float32 for sound in sounds)
    assert all(np.abs(sound).max() <= 1 for sound in sounds)
    levels = [np.sqrt(np.mean(sound.astype(float) ** 2)) for sound in sounds]
    assert 2 <= sum(level == 0 for level in levels) <= 20
    assert min(level for level in levels if level) < 0.001
    assert max(levels) > 0.1


def test_some_backgrounds_are_talk_that_is_not_understood():
    augmenter = Augmenter(AugmentConfig())
    asked = [0]

    def voice(rng):
        asked[-1] += 1
        return rng.standard_normal(4000).astype(np.float32)

    walls = crowds = 0
    for seed in range(100):
        asked.append(0)
        sound = augmenter.background(8000, np.random.default_rng(seed), voice)
        assert sound.shape == (8000,) and sound.dtype == np.float32 and np.abs(sound).max() <= 1
        power = np.abs(np.fft.rfft(sound)) ** 2  # bins of 2 Hz
        if 0 < asked[-1] < 6:
            assert power[500:].sum() < 0.02 * power.sum()  # 1 kHz: vowels and consonants stay behind the wall
            walls += 1
        elif asked[-1]:
            assert power[500:].sum() > 0.02 * power.sum()
            crowds += 1
    assert 8 <= crowds <= 30
    assert 3 <= walls <= 20


def test_backgrounds_need_no_noises():
    augmenter = Augmenter(AugmentConfig(noise_probability=0.0))
    sounds = [augmenter.background(100, np.random.default_rng(seed)) for seed in range(8)]
    assert any(sound.any() for sound in sounds)
    assert not all(sound.any() for sound in sounds)
