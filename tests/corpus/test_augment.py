"""Every effect of augmentation does what its name says, and the chain is repeatable and safe.

Letters of shapes: N samples, T frames, F features.
"""

import dataclasses
import itertools

import numpy as np
import pytest

from stapes import config as settings_files
from stapes.corpus.augment import (
    FILE_CODECS,
    AugmentConfig,
    Augmenter,
    SpecAugmentConfig,
    distortion,
    levels,
    noises,
    rooms,
    spec_augment,
    spectrum,
)
from stapes.corpus.augment import augmenter as augmenter_module
from stapes.errors import AudioError, ConfigError

RATE_HZ = 16_000
PROBABILITIES = [
    field.name for field in dataclasses.fields(AugmentConfig) if field.name.endswith("_probability")
]
OFF = dict.fromkeys(PROBABILITIES, 0.0)
ON = dict.fromkeys(PROBABILITIES, 1.0)


def only(**changes) -> Augmenter:
    return Augmenter(AugmentConfig(**{**OFF, **changes}))


def white(seconds: float, seed: int = 0, level: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return level * rng.standard_normal(int(seconds * RATE_HZ), dtype=np.float32)


def speech_like(seconds: float = 2.0, floor: float = 1e-4, seed: int = 0) -> np.ndarray:
    """Syllables of noise, 150 ms on and 50 ms off, over a quiet floor."""
    on = np.arange(int(seconds * RATE_HZ)) % 3200 < 2400
    return np.where(on, white(seconds, seed), floor * white(seconds, seed + 1, 1.0)).astype(np.float32)


def rms_db(sound: np.ndarray) -> float:
    return 10 * np.log10(np.mean(np.square(sound, dtype=np.float64)))


def snr_db(clean: np.ndarray, noisy: np.ndarray) -> float:
    return 10 * np.log10(levels.active_power(clean)) - rms_db(noisy - clean)


def gain_db(before: np.ndarray, after: np.ndarray, low_hz: float, high_hz: float) -> float:
    """How much a band of frequencies gained from ``before`` to ``after``."""
    bins_hz = np.fft.rfftfreq(len(before), 1 / RATE_HZ)
    band = (bins_hz >= low_hz) & (bins_hz < high_hz)
    energies = [np.square(np.abs(np.fft.rfft(sound)[band])).sum() for sound in (before, after)]
    return 10 * np.log10(energies[1] / energies[0])


def lag_samples(first: np.ndarray, second: np.ndarray) -> int:
    spectrum_ = np.fft.rfft(second, 2 * len(first)) * np.conj(np.fft.rfft(first, 2 * len(first)))
    lag = int(np.fft.irfft(spectrum_).argmax())
    return lag if lag < len(first) else lag - 2 * len(first)


def babble(rng: np.random.Generator) -> np.ndarray:
    return speech_like(1.0, seed=int(rng.integers(1000)))


# The whole chain


def test_same_generator_same_recording():
    augmenter, again = Augmenter(AugmentConfig()), Augmenter(AugmentConfig())
    for seed in range(8):
        first = augmenter(speech_like(), np.random.default_rng(seed), babble)
        second = again(speech_like(), np.random.default_rng(seed), babble)
        np.testing.assert_array_equal(first, second)


def test_other_generator_other_recording():
    augmenter = Augmenter(AugmentConfig(**ON))
    first, other = (augmenter(speech_like(), np.random.default_rng(seed), babble) for seed in (0, 1))
    assert first.shape != other.shape


def test_banks_depend_on_their_seed_alone():
    # Past the cache, which would return the same object.
    make_noises, make_rooms = noises.make_noises.__wrapped__, rooms.make_rooms.__wrapped__
    first, again, other = (make_noises(seed, 1) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(np.subtract(first, other)).max() > 0.1
    first, again, other = (make_rooms(seed, (0.2, 0.2), 3) for seed in (3, 3, 4))
    for room, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(room.response, same.response)
        assert np.abs(room.response - different.response).max() > 1e-3


def test_augmenters_take_the_bank_of_their_seed(monkeypatch):
    seeds = []
    monkeypatch.setattr(augmenter_module, "make_noises", lambda seed: seeds.append(seed))
    monkeypatch.setattr(augmenter_module, "make_rooms", lambda seed, rt60_s_range: seeds.append(seed))
    Augmenter(AugmentConfig(), bank_seed=5)
    assert seeds == [5, 5]


def test_all_off_changes_nothing_and_shares_nothing():
    speech = speech_like()
    result = only()(speech, np.random.default_rng(0), babble)
    np.testing.assert_array_equal(result, speech)
    assert not np.shares_memory(result, speech)


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_every_effect_changes_the_speech_but_not_its_input(probability):
    augmenter = only(**{probability: 1.0})
    speech = np.concatenate((speech_like(1.0), np.zeros(8000, np.float32)))
    before = speech.copy()
    result = augmenter(speech, np.random.default_rng(1), babble)
    np.testing.assert_array_equal(speech, before)
    assert result.dtype == np.float32
    assert result.shape != speech.shape or np.abs(result - speech).max() > 1e-6


@pytest.mark.parametrize("length", [0, 1, 2, 159, 160, 161, 321, 4001])
@pytest.mark.parametrize("level", [0.0, 1e-30, 0.1, 1.0])
def test_awkward_waveforms_survive(length, level):
    waveform = level * np.sign(np.random.default_rng(0).standard_normal(length, dtype=np.float32))
    everything = AugmentConfig(**{**ON, "codec_probability": 0.0})
    for seed in range(3):
        result = Augmenter(everything)(waveform, np.random.default_rng(seed), babble)
        assert result.dtype == np.float32
        assert np.isfinite(result).all()
        assert (len(result) == 0) == (length == 0)


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_every_effect_alone_survives_silence_and_single_samples(probability):
    augmenter = only(**{probability: 1.0})
    for waveform in (np.zeros(1600, np.float32), np.ones(1, np.float32), np.zeros(1, np.float32)):
        for seed in range(3):
            result = augmenter(waveform, np.random.default_rng(seed), babble)
            assert len(result) > 0
            assert np.isfinite(result).all()


def test_two_channels_are_refused():
    with pytest.raises(
        AudioError, match=r"augment: a waveform of shape \[2, 100\] was given; \[samples\] is"
    ):
        only()(np.zeros((2, 100), np.float32), np.random.default_rng(0))


# The speaker


@pytest.mark.parametrize("factor", [0.88, 0.95, 1.07, 1.12])
def test_speed_changes_length_and_pitch_by_the_factor(factor):
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    result = only(speed_probability=1.0, speed_range=(factor, factor))(tone, np.random.default_rng(0))
    assert abs(len(result) - RATE_HZ / factor) <= 2
    peak_hz = np.abs(np.fft.rfft(result * np.hanning(len(result)))).argmax() * RATE_HZ / len(result)
    assert peak_hz == pytest.approx(1000 * factor, abs=2)


@pytest.mark.parametrize("factor", [0.8, 0.93, 1.1, 1.25])
def test_tempo_changes_length_and_keeps_pitch_and_level(factor):
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    result = only(tempo_probability=1.0, tempo_range=(factor, factor))(tone, np.random.default_rng(0))
    assert len(result) == round(RATE_HZ / factor)
    peak_hz = np.abs(np.fft.rfft(result * np.hanning(len(result)))).argmax() * RATE_HZ / len(result)
    assert peak_hz == pytest.approx(1000, abs=2)
    assert result[400:-400].std() == pytest.approx(np.sqrt(0.5), rel=0.02)


def test_tempo_moves_each_syllable_to_its_place():
    bursts = np.zeros(RATE_HZ, np.float32)
    for begin in (2000, 7000, 13000):
        bursts[begin : begin + 800] = white(0.05, begin, 0.3)
    result = only(tempo_probability=1.0, tempo_range=(0.8, 0.8))(bursts, np.random.default_rng(0))
    loud = np.flatnonzero(np.abs(result) > 0.05)
    assert loud[0] == pytest.approx(2000 / 0.8, abs=400)
    assert loud[-1] == pytest.approx(13800 / 0.8, abs=400)


@pytest.mark.parametrize("length", [0, 1, 300])
def test_tempo_of_next_to_nothing_is_no_error(length):
    sound = np.full(length, 0.1, np.float32)
    result = only(tempo_probability=1.0, tempo_range=(0.85, 0.85))(sound, np.random.default_rng(0))
    assert len(result) == round(length / 0.85)


def test_tempo_of_one_changes_nothing():
    speech = speech_like(0.5)
    result = only(tempo_probability=1.0, tempo_range=(1.0, 1.0))(speech, np.random.default_rng(0))
    assert result == pytest.approx(speech, abs=1e-6)


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


# The room


@pytest.mark.parametrize("rt60_s", [0.1, 0.2, 0.4, 0.8])
def test_reverberation_time_is_as_asked(rt60_s):
    rng = np.random.default_rng(0)
    for _ in range(10):
        response = rooms.simulate(rng, rt60_s).response.astype(np.float64)
        remaining_db = 10 * np.log10(np.cumsum(np.square(response)[::-1])[::-1] + 1e-30)
        start = int(0.3 * rt60_s * RATE_HZ)
        stop = int(np.argmax(remaining_db < remaining_db[start] - 25))
        slope = np.polyfit(np.arange(start, stop) / RATE_HZ, remaining_db[start:stop], 1)[0]
        assert -60 / slope == pytest.approx(rt60_s, rel=0.2)


def test_near_speakers_sound_drier_than_far_ones():
    bank = rooms.make_rooms(0, (0.4, 0.4))
    wet_db = [10 * np.log10(np.square(room.response[80:]).sum()) for room in bank]
    distances = [np.log(room.distance_m) for room in bank]
    assert len(bank) == 200
    assert min(room.distance_m for room in bank) >= 0.199
    assert np.corrcoef(wet_db, distances)[0, 1] > 0.8


def test_room_keeps_alignment_level_and_length():
    augmenter = only(room_probability=1.0)
    click = np.zeros(8000, np.float32)
    click[1000] = 0.5
    for seed in range(20):
        result = augmenter(click, np.random.default_rng(seed))
        assert len(result) == len(click)
        assert np.abs(result[:1000]).max() < 1e-6
        assert result[1000] > 0.05
        assert np.abs(result[1001:]).max() > 1e-3
        assert rms_db(result) == pytest.approx(rms_db(click), abs=0.01)


# Other sources of sound


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
    for seed in range(30):
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


def test_loop_repeats_seamlessly():
    sound = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(levels.loop(sound, 3, 2), [3, 4])
    np.testing.assert_array_equal(levels.loop(sound, 3, 9), [3, 4, 0, 1, 2, 3, 4, 0, 1])


# The microphone


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


# The electronics


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


# Settings


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"speed_probability": 1.5}, r"augment: speed_probability is 1.5; 0 to 1 is accepted"),
        ({"room_probability": float("nan")}, r"augment: room_probability is nan; 0 to 1 is accepted"),
        (
            {"speed_range": (1.1, 0.9)},
            r"augment: speed_range is \[1.1, 0.9\]; \[lowest, highest\] between 0.5 and 2 is accepted",
        ),
        (
            {"gain_db_range": (-100.0, 0.0)},
            r"augment: gain_db_range is \[-100.0, 0.0\]; \[lowest, highest\] between -80 and 40 is accepted",
        ),
        (
            {"babble_voices_range": (0, 3)},
            r"augment: babble_voices_range is \[0, 3\]; \[lowest, highest\] between 1 and 20 is accepted",
        ),
        (
            {"pad_s_range": (0.1,)},
            r"augment: pad_s_range is \[0.1\]; \[lowest, highest\] between 0 and 10 is accepted",
        ),
        (
            {"offset_range": (0.0, float("nan"))},
            r"augment: offset_range is \[0.0, nan\]; \[lowest, highest\] between -0.5 and 0.5 is accepted",
        ),
        ({"codecs": ("flac",)}, r"augment: codecs holds 'flac'; known are opus, vorbis, mp3, gsm"),
        (
            {"codecs": ()},
            r"augment: codecs is empty although codec_probability is 0.03; name at least one of opus,",
        ),
    ],
)
def test_wrong_settings_are_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        AugmentConfig(**settings)


@pytest.mark.parametrize(
    "name", [field.name for field in dataclasses.fields(AugmentConfig) if field.name.endswith("_range")]
)
def test_every_range_has_both_limits(name):
    lowest, highest = getattr(AugmentConfig(), name)
    for wrong in ((-1e9, highest), (lowest, 1e9)):
        with pytest.raises(ConfigError, match=f"augment: {name} is "):
            AugmentConfig(**{name: wrong})


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"frequency_masks": -1}, r"spec_augment: frequency_masks is -1; 0 or more is accepted"),
        ({"time_mask_share": 1.2}, r"spec_augment: time_mask_share is 1.2; 0 to 1 is accepted"),
    ],
)
def test_wrong_mask_settings_are_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        SpecAugmentConfig(**settings)


def test_settings_come_from_a_recipe_and_go_back():
    table = {"speed_range": [0.9, 1.1], "babble_voices_range": [2, 4], "codecs": ["mp3"]}
    config = settings_files.build(AugmentConfig, table, "recipe")
    assert config.speed_range == (0.9, 1.1)
    assert settings_files.build(AugmentConfig, settings_files.to_dict(config), "again") == config


# Features


def masked_cells(features: np.ndarray, seed: int, config: SpecAugmentConfig) -> np.ndarray:
    return spec_augment(features, np.random.default_rng(seed), config, fill=-99.0) == -99.0


def test_time_masks_hide_whole_frames_within_their_budget():
    features = np.random.default_rng(0).standard_normal((100, 80)).astype(np.float32)
    hidden = []
    for seed in range(200):
        cells = masked_cells(features, seed, SpecAugmentConfig(frequency_masks=0))
        assert (cells.all(axis=1) == cells.any(axis=1)).all()
        hidden.append(int(cells[:, 0].sum()))
    assert max(hidden) == 15
    assert np.mean(hidden) > 5


def test_a_time_mask_is_no_wider_than_asked():
    # Two masks in a thousand frames: with these seeds they never touch.
    features = np.zeros((1000, 2), np.float32)
    config = SpecAugmentConfig(frequency_masks=0, time_mask_frames=4, time_mask_share=0.008)
    widths = set()
    for seed in range(60):
        hidden = masked_cells(features, seed, config)[:, 0].astype(np.int8)
        edges = np.flatnonzero(np.diff(hidden, prepend=0, append=0))
        widths.update((edges[1::2] - edges[::2]).tolist())
    assert widths == {1, 2, 3, 4}


def test_frequency_masks_hide_whole_bands():
    features = np.random.default_rng(0).standard_normal((50, 80)).astype(np.float32)
    config = SpecAugmentConfig(time_mask_frames=0, frequency_masks=1)
    widths = []
    for seed in range(200):
        cells = masked_cells(features, seed, config)
        assert (cells.all(axis=0) == cells.any(axis=0)).all()
        bins = np.flatnonzero(cells[0])
        assert len(bins) == 0 or np.ptp(bins) == len(bins) - 1
        widths.append(len(bins))
    assert (min(widths), max(widths)) == (0, 20)


def test_masks_spare_the_rest_the_input_and_the_type():
    features = np.random.default_rng(0).standard_normal((120, 80)).astype(np.float32)
    before = features.copy()
    result = spec_augment(features, np.random.default_rng(3), SpecAugmentConfig(), fill=0.5)
    again = spec_augment(features, np.random.default_rng(3), SpecAugmentConfig(), fill=0.5)
    np.testing.assert_array_equal(features, before)
    np.testing.assert_array_equal(result, again)
    assert result.dtype == np.float32
    changed = result != features
    assert changed.any()
    assert (result[changed] == 0.5).all()


def test_warp_moves_a_frame_and_keeps_both_ends():
    times = np.repeat(np.arange(100, dtype=np.float32)[:, None], 3, axis=1)
    config = SpecAugmentConfig(time_mask_frames=0, frequency_masks=0, warp_frames=5)
    shifts = []
    for seed in range(40):
        warped = spec_augment(times, np.random.default_rng(seed), config, fill=0.0)
        assert warped.dtype == np.float32
        np.testing.assert_array_equal(warped[[0, -1]], times[[0, -1]])
        assert (np.diff(warped[:, 0]) > 0).all()
        shifts.append(np.abs(warped - times).max())
    assert 4 < max(shifts) <= 5.001
    assert min(shifts) < 1.1


@pytest.mark.parametrize("T", [0, 1, 2, 3, 5, 7])
@pytest.mark.parametrize("F", [1, 2, 80])
def test_short_features_survive(T, F):
    features = np.ones((T, F), np.float32)
    for seed in range(5):
        result = spec_augment(features, np.random.default_rng(seed), SpecAugmentConfig(warp_frames=5), 0.0)
        assert result.shape == (T, F)
        assert np.isfinite(result).all()


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


def test_some_backgrounds_are_a_crowd():
    augmenter = Augmenter(AugmentConfig())
    asked = [0]

    def voice(rng):
        asked[-1] += 1
        return speech_like()

    for seed in range(60):
        asked.append(0)
        sound = augmenter.background(8000, np.random.default_rng(seed), voice)
        assert sound.shape == (8000,) and sound.dtype == np.float32 and np.abs(sound).max() <= 1
    crowds = [count for count in asked if count]
    assert 4 <= len(crowds) <= 20
    assert min(crowds) >= 6  # fewer could be understood


def test_backgrounds_need_no_noises():
    augmenter = Augmenter(AugmentConfig(noise_probability=0.0))
    sounds = [augmenter.background(100, np.random.default_rng(seed)) for seed in range(8)]
    assert any(sound.any() for sound in sounds)
    assert not all(sound.any() for sound in sounds)
