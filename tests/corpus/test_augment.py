"""The chain of effects is repeatable and safe; its settings are checked."""

import dataclasses

import numpy as np
import pytest

from stapes import config as settings_files
from stapes.corpus.augment import AugmentConfig, Augmenter, noises, rooms
from stapes.corpus.augment import augmenter as augmenter_module
from stapes.errors import AudioError, ConfigError
from tests.corpus.augmenting import ON, PROBABILITIES, babble, only, speech_like


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
    silence = np.zeros(8000, np.float32)
    speech = np.concatenate((silence, speech_like(1.0), silence))
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


def test_settings_come_from_a_recipe_and_go_back():
    table = {"speed_range": [0.9, 1.1], "babble_voices_range": [2, 4], "codecs": ["mp3"]}
    config = settings_files.build(AugmentConfig, table, "recipe")
    assert config.speed_range == (0.9, 1.1)
    assert settings_files.build(AugmentConfig, settings_files.to_dict(config), "again") == config
