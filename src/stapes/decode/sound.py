"""What an end-pointer keeps of how loud and how high the user speaks."""

import math
from dataclasses import dataclass

_VOICED = 0.6
_MEMORY_FRAMES = 50
# About 170 Hz: between the voices of men and women.
_FIRST_MEAN_OCTAVES = 7.4
_SLOPE_MEMORY = 0.6


@dataclass(frozen=True, slots=True)
class Sound:
    """A frame of sound.

    Args:
        level_db: of its last 40 ms, relative to full scale.
        voicing: in [0, 1], see `stapes.features.Pitch`.
        octaves: how high it is.
    """

    level_db: float
    voicing: float = 0.0
    octaves: float = 0.0


@dataclass(frozen=True)
class Levels:
    """Running levels of speech and noise, in dB relative to full scale.

    Args:
        noise_db: follows the quietest frames.
        speech_db: follows the loudest frames.
    """

    noise_db: float = math.nan
    speech_db: float = -35.0

    def follow(self, level_db: float) -> "Levels":
        """The levels after a frame of ``level_db``."""
        noise, speech = self.noise_db, self.speech_db
        if math.isnan(noise):
            return Levels(level_db, max(speech, level_db))
        loud = level_db > speech - 15
        noise = noise + 0.5 * (level_db - noise) if level_db < noise else noise + (0.0 if loud else 0.15)
        speech = speech + 0.5 * (level_db - speech) if level_db > speech else speech - 0.03
        return Levels(noise, max(speech, noise + 10))

    def sounds(self, level_db: float) -> bool:
        """Whether a frame stands out from the noise."""
        return level_db > self.noise_db + 8

    def speaks(self, level_db: float) -> bool:
        """Whether a frame is loud enough to be the user."""
        return self.sounds(level_db) and level_db > self.speech_db - 18

    def is_loud(self, level_db: float) -> bool:
        """Whether a frame is as loud as words of the user are; what is softer may be somebody else."""
        return self.sounds(level_db) and level_db > self.speech_db - 12


@dataclass(frozen=True)
class Melody:
    """How high the user speaks: statements end low (Ferrer, Shriberg and Stolcke, ICSLP 2002).

    Args:
        frames: that were voiced, up to 50.
        mean: of their heights, in octaves.
        height: of the last one, relative to the mean after it.
        slope: running mean of how ``height`` changes.
    """

    frames: int = 0
    mean: float = _FIRST_MEAN_OCTAVES
    height: float = 0.0
    slope: float = 0.0

    def follow(self, sound: Sound) -> "Melody":
        """The melody after a frame of speech; the same where it has no voice."""
        if sound.voicing <= _VOICED:
            return self
        frames = min(self.frames + 1, _MEMORY_FRAMES)
        mean = self.mean + (sound.octaves - self.mean) / frames
        height = sound.octaves - mean
        slope = _SLOPE_MEMORY * self.slope + (1 - _SLOPE_MEMORY) * (height - self.height)
        return Melody(frames, mean, height, slope)
