"""What a game's reader gives: lines, each with its words at once and its sound when it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stapes.audio import to_mono

Sound = tuple[NDArray[np.float32], int]
"""Mono samples [N], full scale ±1, and their rate in Hz."""


@dataclass(frozen=True)
class Line:
    """One spoken line of a game.

    Args:
        name: unique within the game; letters, digits and underscores.
        speaker: the character who says it, or None where the game does not tell it plainly.
        text: the words as the game writes them.
        source: the file that the recording lies in.
        sound: reads the recording; what a damaged one raises, `stapes.corpus.games.damage.told` knows.
    """

    name: str
    speaker: str | None
    text: str
    source: Path
    sound: Callable[[], Sound]


def unsigned_sound(data: bytes, rate_hz: int) -> Sound:
    """The sound of ``data``, one unsigned byte a sample."""
    return to_mono(np.frombuffer(data, np.uint8)), rate_hz
