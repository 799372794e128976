"""What augmentation does, how often and how strongly."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from stapes.errors import ConfigError

FILE_CODECS = ("opus", "vorbis", "mp3", "gsm")

# Ends of what each range may hold; a range outside would silence, alias or overflow the speech.
_RANGE_LIMITS = {
    "speed_range": (0.5, 2.0),
    "tempo_range": (0.5, 2.0),
    "pad_s_range": (0.0, 10.0),
    "pad_level_dbfs_range": (-120.0, -20.0),
    "room_rt60_s_range": (0.05, 1.5),
    "noise_snr_db_range": (-20.0, 60.0),
    "babble_snr_db_range": (-20.0, 60.0),
    "babble_voices_range": (1, 20),
    "lowpass_hz_range": (500.0, 8000.0),
    "highpass_hz_range": (10.0, 1000.0),
    "equaliser_db_range": (-30.0, 30.0),
    "clip_drive_db_range": (0.0, 40.0),
    "quantise_bits_range": (4, 16),
    "offset_range": (-0.5, 0.5),
    "gain_db_range": (-80.0, 40.0),
}


@dataclass(frozen=True)
class AugmentConfig:
    """One probability and one range for each effect on the waveform; probability 0 switches an effect off.

    Each range is (lowest, highest), drawn uniformly. Effects are applied in the order of the fields: first
    what the speaker does, then the room, other sources of sound, the microphone, the electronics behind it.

    Raises:
        ConfigError: a probability outside 0 to 1, a range reversed or outside its limits, an unknown codec.
    """

    speed_probability: float = 0.5
    """Resampling, which moves pitch and tempo together."""
    speed_range: tuple[float, float] = (0.88, 1.12)
    """Factor of speed; the length is divided by it."""
    tempo_probability: float = 0.3
    """Faster or slower speech of the same pitch. Together with speed: other vocal tracts at any tempo."""
    tempo_range: tuple[float, float] = (0.85, 1.2)
    """Factor of tempo; the length is divided by it."""

    trim_probability: float = 0.3
    """Crop of the trailing silence, in half of the cases down to the last sample of speech."""
    lead_trim_probability: float = 0.2
    """Crop of the leading silence, to the first sample of speech: a command right after the wake word."""
    pad_probability: float = 0.3
    """Low-level noise before the speech and after it, on each side where nothing was trimmed."""
    pad_s_range: tuple[float, float] = (0.0, 0.8)
    pad_level_dbfs_range: tuple[float, float] = (-90.0, -60.0)

    room_probability: float = 0.35
    """Reverberation of a simulated room."""
    room_rt60_s_range: tuple[float, float] = (0.1, 0.8)
    """Reverberation time: how long the sound takes to fall by 60 dB."""

    noise_probability: float = 0.5
    """Coloured noise, hum, fans, impacts, textures, chords or music."""
    noise_snr_db_range: tuple[float, float] = (0.0, 30.0)
    babble_probability: float = 0.15
    """Other speakers in the background; needs the argument ``babble`` of the augmenter."""
    babble_snr_db_range: tuple[float, float] = (0.0, 20.0)
    babble_voices_range: tuple[int, int] = (3, 8)

    lowpass_probability: float = 0.15
    lowpass_hz_range: tuple[float, float] = (3400.0, 7000.0)
    highpass_probability: float = 0.2
    highpass_hz_range: tuple[float, float] = (50.0, 300.0)
    telephone_probability: float = 0.05
    """Band-pass of 300 to 3400 Hz."""
    equaliser_probability: float = 0.4
    """A smooth random frequency response, as of a cheap microphone."""
    equaliser_db_range: tuple[float, float] = (-8.0, 8.0)

    clip_probability: float = 0.05
    """Overdrive: peaks are cut off, the level below them stays."""
    clip_drive_db_range: tuple[float, float] = (1.0, 12.0)
    """How far the highest peak lies above the ceiling."""

    mu_law_probability: float = 0.03
    """Companding to eight bits as in G.711."""
    narrowband_probability: float = 0.03
    """Resampling to 8 kHz and back."""
    quantise_probability: float = 0.03
    """Linear quantisation to few bits."""
    quantise_bits_range: tuple[int, int] = (7, 10)
    codec_probability: float = 0.03
    """One of ``codecs``, at low quality; far slower than every other effect."""
    codecs: tuple[str, ...] = FILE_CODECS

    offset_probability: float = 0.05
    """A constant added to every sample."""
    offset_range: tuple[float, float] = (-0.02, 0.02)
    gain_probability: float = 0.7
    """Change of level; what then exceeds full scale is clipped."""
    gain_db_range: tuple[float, float] = (-30.0, 6.0)

    def __post_init__(self) -> None:
        _check_probabilities(self, "augment")
        for name, limits in _RANGE_LIMITS.items():
            _check_range(f"augment: {name}", getattr(self, name), limits)
        for codec in self.codecs:
            if codec not in FILE_CODECS:
                raise ConfigError(f"augment: codecs holds '{codec}'; known are {', '.join(FILE_CODECS)}")
        if self.codec_probability > 0 and not self.codecs:
            raise ConfigError(
                "augment: codecs is empty although codec_probability is "
                f"{self.codec_probability:g}; name at least one of {', '.join(FILE_CODECS)}"
            )


@dataclass(frozen=True)
class SpecAugmentConfig:
    """Masks over log-mel features, after SpecAugment (Park et al. 2019, https://arxiv.org/abs/1904.08779).

    Raises:
        ConfigError: a negative width or count, or a share outside 0 to 1.
    """

    time_mask_frames: int = 10
    """Widest time mask; 0 switches time masks off."""
    time_mask_share: float = 0.15
    """Most that all time masks hide together, as a share of the frames; their number follows from it."""
    frequency_masks: int = 2
    frequency_mask_bins: int = 20
    """Widest frequency mask; at most half of the bins are taken by one."""
    warp_frames: int = 0
    """Largest shift of the warped point in time; 0 switches warping off."""

    def __post_init__(self) -> None:
        for name in ("time_mask_frames", "frequency_masks", "frequency_mask_bins", "warp_frames"):
            value = getattr(self, name)
            if value < 0:
                raise ConfigError(f"spec_augment: {name} is {value}; 0 or more is accepted")
        if not 0 <= self.time_mask_share <= 1:
            raise ConfigError(
                f"spec_augment: time_mask_share is {self.time_mask_share:g}; 0 to 1 is accepted"
            )


def _check_probabilities(config: Any, where: str) -> None:
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name.endswith("_probability") and not 0 <= value <= 1:
            raise ConfigError(f"{where}: {field.name} is {value:g}; 0 to 1 is accepted")


def _check_range(where: str, value: tuple[float, ...], limits: tuple[float, float]) -> None:
    lowest, highest = limits
    accepted = f"[lowest, highest] between {lowest:g} and {highest:g} is accepted"
    if len(value) != 2 or not all(math.isfinite(end) for end in value):
        raise ConfigError(f"{where} is {list(value)}; {accepted}")
    if not lowest <= value[0] <= value[1] <= highest:
        raise ConfigError(f"{where} is {list(value)}; {accepted}")
