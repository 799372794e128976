"""The chain of effects that turns one clean utterance into one of its many possible recordings.

Letters of shapes: N samples, M samples afterwards.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import soxr

from stapes.corpus.augment import distortion, spectrum
from stapes.corpus.augment.levels import Waveform, active_power, loop, mix, speech_begin, speech_end
from stapes.corpus.augment.noises import make_noises
from stapes.corpus.augment.rooms import make_rooms
from stapes.corpus.augment.settings import AugmentConfig
from stapes.corpus.augment.tempo import change_tempo
from stapes.errors import AudioError
from stapes.units import SAMPLE_RATE_HZ

Babble = Callable[[np.random.Generator], Waveform]


class Sounds(Protocol):
    """Recordings by their position, each [N] of 16 kHz with N at least 1; a list of them is one."""

    def __getitem__(self, position: int, /) -> Waveform: ...
    def __len__(self) -> int: ...


_EQUALISER_BANDS = 6
_BACKGROUND_DBFS_RANGE = (-80.0, -10.0)
# How often a background is white noise or digital silence, which a microphone that is switched off gives.
_PLAIN_BACKGROUND = 0.3
# How often one is a crowd, of so many that no one is understood.
_CROWDED_BACKGROUND = 0.25
_CROWD_VOICES_RANGE = (6, 16)
# How often one is talk in the next room, of which a wall lets through no more than the rhythm and the melody.
_WALLED_BACKGROUND = 0.15
_WALLED_VOICES_RANGE = (1, 3)
_WALL_HZ_RANGE = (120.0, 300.0)
_WALL_ORDERS = (2, 4)
_VOICE_SPREAD_DB = 5.0
# How often a noise is one that was recorded, where there are any.
_RECORDED = 0.5
# Of a recorded noise; a silent one stays silent.
_LEAST_RMS = 1e-5


class Augmenter:
    """Applies the effects of a configuration to waveforms of 16 kHz.

    Args:
        config: which effects, how often and how strongly.
        bank_seed: chooses the rooms and noises, which are made once here; equal seeds share them.
        recorded: noises of the world, which are heard as often as those that are made.
    """

    def __init__(self, config: AugmentConfig, bank_seed: int = 0, recorded: Sounds = ()) -> None:
        self.config = config
        self._rooms = make_rooms(bank_seed, config.room_rt60_s_range) if config.room_probability else ()
        self._noises = make_noises(bank_seed) if config.noise_probability else ()
        self._recorded = recorded

    def __call__(
        self, waveform: Waveform, rng: np.random.Generator, babble: Babble | None = None
    ) -> Waveform:
        """A new recording of ``waveform``; the same for the same state of ``rng``.

        Args:
            waveform: one channel [N] of 16 kHz, float32, full scale ±1; it is not modified.
            rng: the only source of chance.
            babble: gives some other utterance each time it is called; without it there is no babble.

        Returns:
            float32 [M]; M differs from N where speed or silence changed.

        Raises:
            AudioError: ``waveform`` is not one-dimensional.
        """
        sound = np.array(waveform, dtype=np.float32)
        if sound.ndim != 1:
            raise AudioError(
                f"augment: a waveform of shape {list(sound.shape)} was given; [samples] is accepted"
            )
        if not len(sound):
            return sound
        sound = self._speak(sound, rng)
        sound = self._surround(sound, rng, babble)
        sound = self._record(sound, rng)
        return self._transmit(sound, rng)

    def background(self, length: int, rng: np.random.Generator, babble: Babble | None = None) -> Waveform:
        """A recording [``length``] in which nobody is understood: silence, noise of any kind and level, far talk."""
        level = np.float32(10 ** (rng.uniform(*_BACKGROUND_DBFS_RANGE) / 20))
        if not self._noises or _happens(rng, _PLAIN_BACKGROUND):
            heard = np.float32(rng.random() < 0.5)
            hiss: Waveform = heard * level * rng.standard_normal(length, dtype=np.float32)
            return hiss
        if babble is not None and _happens(rng, _CROWDED_BACKGROUND):
            sound = _crowd(babble, int(rng.integers(*_CROWD_VOICES_RANGE, endpoint=True)), length, rng)
        elif babble is not None and _happens(rng, _WALLED_BACKGROUND):
            sound = _crowd(babble, int(rng.integers(*_WALLED_VOICES_RANGE, endpoint=True)), length, rng)
            order = int(rng.integers(*_WALL_ORDERS, endpoint=True))
            sound = spectrum.shape(sound, spectrum.lowpass(rng.uniform(*_WALL_HZ_RANGE), order))
        else:
            sound = self._noise(length, rng)
        noise: Waveform = np.clip(self._record(level * sound, rng), -1, 1)
        return noise

    def _speak(self, sound: Waveform, rng: np.random.Generator) -> Waveform:
        config = self.config
        if _happens(rng, config.speed_probability):
            sound = change_speed(sound, rng.uniform(*config.speed_range))
        if _happens(rng, config.tempo_probability):
            sound = change_tempo(sound, rng.uniform(*config.tempo_range))
        trimmed = _happens(rng, config.trim_probability)
        if trimmed:
            sound = _trim(sound, rng)
        lead_trimmed = _happens(rng, config.lead_trim_probability)
        if lead_trimmed:
            sound = sound[speech_begin(sound) :]
        if _happens(rng, config.pad_probability):
            sound = _pad(sound, rng, config, before=not lead_trimmed, after=not trimmed)
        return sound

    def _surround(self, sound: Waveform, rng: np.random.Generator, babble: Babble | None) -> Waveform:
        config = self.config
        if _happens(rng, config.room_probability):
            sound = spectrum.reverberate(sound, self._rooms[rng.integers(len(self._rooms))].response)
        if _happens(rng, config.noise_probability):
            noise = self._noise(len(sound), rng)
            sound = mix(sound, noise, rng.uniform(*config.noise_snr_db_range))
        if _happens(rng, config.babble_probability) and babble is not None:
            voices = int(rng.integers(*config.babble_voices_range, endpoint=True))
            crowd = _crowd(babble, voices, len(sound), rng)
            sound = mix(sound, crowd, rng.uniform(*config.babble_snr_db_range))
        return sound

    def _noise(self, length: int, rng: np.random.Generator) -> Waveform:
        """Some noise [``length``] of a long-term power of one, from a random place of it on."""
        if len(self._recorded) and _happens(rng, _RECORDED):
            recording = self._recorded[int(rng.integers(len(self._recorded)))]
            rms = np.sqrt(np.mean(np.square(recording)))
            clip = recording / np.float32(max(rms, _LEAST_RMS))
        else:
            clip = self._noises[rng.integers(len(self._noises))]
        return loop(clip, int(rng.integers(len(clip))), length)

    def _record(self, sound: Waveform, rng: np.random.Generator) -> Waveform:
        config = self.config
        responses = []
        if _happens(rng, config.lowpass_probability):
            responses.append(
                spectrum.lowpass(rng.uniform(*config.lowpass_hz_range), int(rng.integers(4, 13)))
            )
        if _happens(rng, config.highpass_probability):
            responses.append(
                spectrum.highpass(rng.uniform(*config.highpass_hz_range), int(rng.integers(1, 5)))
            )
        if _happens(rng, config.telephone_probability):
            responses.append(spectrum.telephone())
        if _happens(rng, config.equaliser_probability):
            responses.append(spectrum.equaliser(rng.uniform(*config.equaliser_db_range, _EQUALISER_BANDS)))
        return spectrum.shape(sound, np.prod(responses, axis=0)) if responses else sound

    def _transmit(self, sound: Waveform, rng: np.random.Generator) -> Waveform:
        config = self.config
        if _happens(rng, config.clip_probability):
            sound = distortion.overdrive(sound, rng.uniform(*config.clip_drive_db_range))
        if _happens(rng, config.mu_law_probability):
            sound = distortion.mu_law(sound)
        if _happens(rng, config.narrowband_probability):
            sound = distortion.narrowband(sound)
        if _happens(rng, config.quantise_probability):
            sound = distortion.quantise(sound, int(rng.integers(*config.quantise_bits_range, endpoint=True)))
        if _happens(rng, config.codec_probability):
            sound = distortion.lossy(sound, config.codecs[rng.integers(len(config.codecs))])
        if _happens(rng, config.offset_probability):
            sound = sound + np.float32(rng.uniform(*config.offset_range))
        if _happens(rng, config.gain_probability):
            sound = np.clip(sound * np.float32(10 ** (rng.uniform(*config.gain_db_range) / 20)), -1, 1)
        return sound


def change_speed(waveform: Waveform, factor: float) -> Waveform:
    """``waveform`` [N] played ``factor`` times as fast: about N / factor samples, pitch and tempo moved."""
    faster: Waveform = soxr.resample(waveform, SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ, "HQ")
    return faster


def _happens(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def _trim(sound: Waveform, rng: np.random.Generator) -> Waveform:
    end = speech_end(sound)
    return sound[: end if rng.random() < 0.5 else int(rng.integers(end, len(sound), endpoint=True))]


def _pad(
    sound: Waveform, rng: np.random.Generator, config: AugmentConfig, before: bool, after: bool
) -> Waveform:
    before_s, after_s = rng.uniform(*config.pad_s_range, 2)
    level = np.float32(10 ** (rng.uniform(*config.pad_level_dbfs_range) / 20))
    lengths = (
        int(before_s * SAMPLE_RATE_HZ) if before else 0,
        int(after_s * SAMPLE_RATE_HZ) if after else 0,
    )
    first, last = (level * rng.standard_normal(length, dtype=np.float32) for length in lengths)
    return np.concatenate((first, sound, last))


def _crowd(babble: Babble, voices: int, length: int, rng: np.random.Generator) -> Waveform:
    """``voices`` other utterances at once [length], each looped from a random place, about equally loud."""
    crowd = np.zeros(length, dtype=np.float32)
    for _ in range(voices):
        voice = np.asarray(babble(rng), dtype=np.float32)
        power = active_power(voice)
        if power > 0:
            gain = 10 ** (rng.uniform(-_VOICE_SPREAD_DB, _VOICE_SPREAD_DB) / 20) / np.sqrt(power * voices)
            crowd += np.float32(gain) * loop(voice, int(rng.integers(len(voice))), length)
    return crowd
