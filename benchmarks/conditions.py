"""What is done to a clean recording to make it hard; but for the tempo, by other means than those of training.

Letters of shapes: N samples at 16 kHz, M samples afterwards. Levels of speech are those of its frames that are no
pause. The same recording, condition and seed give the same samples.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from benchmarks import shoebox, unheard_noises
from stapes.corpus.augment.levels import active_power
from stapes.corpus.augment.tempo import change_tempo
from stapes.units import SAMPLE_RATE_HZ

TELEPHONE_HZ = (300.0, 3400.0)
QUIET_DBFS = -40.0
CLIPPED_DB = 12.0
_VOICES = 6

Waveform = NDArray[np.float32]


class Around(NamedTuple):
    """What a condition may draw from: chance, speech of other people [N each], and the seed of the rooms."""

    rng: np.random.Generator
    voices: Sequence[Waveform]
    seed: int


Condition = Callable[[Waveform, Around], Waveform]


def around(name: str, seed: int, condition: str, voices: Sequence[Waveform]) -> Around:
    """The chance of one recording, by its name, in one condition."""
    digest = hashlib.sha256(f"{seed}:{condition}:{name}".encode()).digest()
    return Around(np.random.default_rng(list(digest)), voices, seed)


def noise(samples: Waveform, given: Around, snr_db: float) -> Waveform:
    """[N] in a noise of one of ``unheard_noises.KINDS``."""
    kinds = list(unheard_noises.KINDS.values())
    kind = kinds[given.rng.integers(len(kinds))]
    return add(samples, kind(given.rng, len(samples)).astype(np.float32), snr_db)


def babble(samples: Waveform, given: Around, snr_db: float) -> Waveform:
    """[N] while six others, equally loud, say something else all the time."""
    crowd = np.zeros(len(samples), np.float32)
    for index in given.rng.choice(len(given.voices), _VOICES, replace=False):
        voice = given.voices[index]
        turned = np.roll(voice, -int(given.rng.integers(len(voice))))
        crowd += np.resize(turned, len(samples)) / np.float32(np.sqrt(active_power(voice)))
    return add(samples, crowd, snr_db)


def room(samples: Waveform, given: Around, rt60_s: float) -> Waveform:
    """[M] as heard across a room, with its reverberation after the last word."""
    rooms = shoebox.responses(given.seed, rt60_s)
    return shoebox.reverberate(samples, rooms[given.rng.integers(len(rooms))])


def telephone(samples: Waveform, given: Around) -> Waveform:
    """[N] through a telephone: 300 to 3400 Hz, 8 kHz, and the codec of GSM 06.10."""
    narrow = np.asarray(soxr.resample(bandpass(samples, *TELEPHONE_HZ), SAMPLE_RATE_HZ, 8000), np.float32)
    file = io.BytesIO()
    soundfile.write(file, np.clip(narrow, -1, 1), 8000, format="WAV", subtype="GSM610")
    file.seek(0)
    wide = np.asarray(
        soxr.resample(soundfile.read(file, dtype="float32")[0], 8000, SAMPLE_RATE_HZ), np.float32
    )
    heard = np.zeros_like(samples)
    heard[: len(wide)] = wide[: len(samples)]
    return heard


def bandpass(samples: Waveform, low_hz: float, high_hz: float) -> Waveform:
    """[N] without what lies beyond ``low_hz`` and ``high_hz``, by 60 dB from 100 Hz beyond on."""
    taps = np.arange(-320, 321) / SAMPLE_RATE_HZ
    ideal = 2 * high_hz * np.sinc(2 * high_hz * taps) - 2 * low_hz * np.sinc(2 * low_hz * taps)
    return np.convolve(samples, (ideal * np.blackman(len(taps)) / SAMPLE_RATE_HZ).astype(np.float32), "same")


def tempo(samples: Waveform, given: Around, factor: float) -> Waveform:
    """[M] spoken ``factor`` times as fast, at the same pitch: M = round(N / ``factor``)."""
    return change_tempo(samples, factor)


def quiet(samples: Waveform, given: Around) -> Waveform:
    """[N] with speech at -40 dBFS."""
    power = active_power(samples)
    return samples * np.float32(10 ** (QUIET_DBFS / 20) / np.sqrt(power)) if power > 0 else samples


def clipped(samples: Waveform, given: Around) -> Waveform:
    """[N] with its highest peaks 12 dB above what can be recorded, and cut off there."""
    peak = float(np.abs(samples).max(initial=0))
    return np.clip(samples * np.float32(10 ** (CLIPPED_DB / 20) / peak), -1, 1) if peak > 0 else samples


CONDITIONS: dict[str, Condition] = {
    "noise 20 dB": partial(noise, snr_db=20.0),
    "noise 10 dB": partial(noise, snr_db=10.0),
    "noise 5 dB": partial(noise, snr_db=5.0),
    "babble 10 dB": partial(babble, snr_db=10.0),
    "room 0.3 s": partial(room, rt60_s=0.3),
    "room 0.6 s": partial(room, rt60_s=0.6),
    "telephone": telephone,
    "tempo -20 %": partial(tempo, factor=0.8),
    "tempo +20 %": partial(tempo, factor=1.2),
    "quiet": quiet,
    "clipped": clipped,
}


def add(samples: Waveform, sound: Waveform, snr_db: float) -> Waveform:
    """[N] plus ``sound`` [N] ``snr_db`` below the speech in it; all of it weaker where it would not fit."""
    power = float(np.mean(np.square(sound, dtype=np.float64)))
    scale = np.sqrt(active_power(samples) * 10 ** (-snr_db / 10) / max(power, 1e-12))
    mixed = samples + np.float32(scale) * sound
    return np.asarray(mixed / max(1.0, float(np.abs(mixed).max(initial=0))), np.float32)
