"""Simulated rooms: early reflections from the image-source method, then a decaying tail of noise.

The reflections follow Allen and Berkley 1979, "Image method for efficiently simulating small-room acoustics",
absorption and the ratio of direct to reverberant energy follow from Sabine's formula.

Letters of shapes: L samples of an impulse response.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stapes.corpus.augment.levels import Waveform
from stapes.units import SAMPLE_RATE_HZ

ROOMS = 200

_SOUND_M_PER_S = 343.0
_SABINE = 0.161
_SMALLEST_M = np.array([2.0, 2.0, 2.2])
_LARGEST_M = np.array([8.0, 6.0, 3.5])
_WALL_DISTANCE_M = 0.3
_DISTANCE_M = (0.2, 3.0)
# A talker sends twice as much forward, to the microphone, as on average to the walls.
_DIRECTIVITY = 2.0
# Single reflections up to here; the tail takes over from half of it on.
_EARLY_S = 0.03
_ORDER = 3
_MAX_ABSORPTION = 0.9


@dataclass(frozen=True)
class Room:
    """One position of speaker and microphone in one room.

    Attributes:
        response: impulse response [L], the direct sound at sample 0 with amplitude 1.
        rt60_s: the time in which the reverberation falls by 60 dB.
        distance_m: from the speaker to the microphone.
    """

    response: Waveform
    rt60_s: float
    distance_m: float


@functools.lru_cache(maxsize=4)
def make_rooms(seed: int, rt60_s_range: tuple[float, float], count: int = ROOMS) -> tuple[Room, ...]:
    """``count`` rooms with reverberation times from ``rt60_s_range``; equal for equal arguments."""
    rng = np.random.default_rng([seed, 1])
    return tuple(simulate(rng, rng.uniform(*rt60_s_range)) for _ in range(count))


def simulate(rng: np.random.Generator, rt60_s: float) -> Room:
    """A shoebox room of random size with the reverberation time ``rt60_s`` and two random places in it."""
    size_m = rng.uniform(_SMALLEST_M, _LARGEST_M)
    microphone_m = rng.uniform(_WALL_DISTANCE_M, size_m - _WALL_DISTANCE_M)
    speaker_m = _place_speaker(rng, size_m, microphone_m)
    distance_m = float(np.linalg.norm(speaker_m - microphone_m))
    surface_m2 = 2 * (size_m[0] * size_m[1] + size_m[0] * size_m[2] + size_m[1] * size_m[2])
    absorption = min(_MAX_ABSORPTION, _SABINE * float(size_m.prod()) / (surface_m2 * rt60_s))
    response = np.zeros(math.ceil(rt60_s * SAMPLE_RATE_HZ) + 1)
    _add_reflections(response, size_m, speaker_m, microphone_m, math.sqrt(1 - absorption))
    reverberant = 16 * math.pi * distance_m**2 * (1 - absorption) / (_DIRECTIVITY * surface_m2 * absorption)
    response += _tail(rng, len(response), rt60_s, reverberant)
    response[0] = 1.0
    return Room(response.astype(np.float32), rt60_s, distance_m)


def _place_speaker(
    rng: np.random.Generator, size_m: NDArray[np.float64], microphone_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    direction = rng.standard_normal(3)
    offset_m = rng.uniform(*_DISTANCE_M) * direction / np.linalg.norm(direction)
    speaker_m = np.clip(microphone_m + offset_m, _WALL_DISTANCE_M, size_m - _WALL_DISTANCE_M)
    if np.linalg.norm(speaker_m - microphone_m) >= _DISTANCE_M[0]:
        return speaker_m
    toward_centre = np.sign(size_m / 2 - microphone_m) * _DISTANCE_M[0]
    return np.asarray(microphone_m + toward_centre)


def _add_reflections(
    response: NDArray[np.float64],
    size_m: NDArray[np.float64],
    speaker_m: NDArray[np.float64],
    microphone_m: NDArray[np.float64],
    reflection: float,
) -> None:
    """Add every image within the early part, its amplitude and delay relative to the direct sound."""
    orders = np.arange(-_ORDER, _ORDER + 1)
    cells = np.stack(np.meshgrid(orders, orders, orders, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    mirrored = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    images_m = (1 - 2 * mirrored) * speaker_m + 2 * cells * size_m
    bounces = (np.abs(cells - mirrored) + np.abs(cells)).sum(axis=-1).ravel()
    distances_m = np.linalg.norm(images_m - microphone_m, axis=-1).ravel()
    direct_m = np.linalg.norm(speaker_m - microphone_m)
    delays = np.rint((distances_m - direct_m) / _SOUND_M_PER_S * SAMPLE_RATE_HZ).astype(np.int64)
    early = (bounces > 0) & (delays < min(len(response), _EARLY_S * SAMPLE_RATE_HZ))
    amplitudes = reflection ** bounces[early] * direct_m / distances_m[early]
    np.add.at(response, delays[early], amplitudes)


def _tail(rng: np.random.Generator, length: int, rt60_s: float, energy: float) -> NDArray[np.float64]:
    """Gaussian noise [L] that falls by 60 dB in ``rt60_s``, of total ``energy`` had it begun at sample 0."""
    time_s = np.arange(length) / SAMPLE_RATE_HZ
    rate = 6 * math.log(10) / rt60_s
    density = energy * rate / SAMPLE_RATE_HZ * np.exp(-rate * time_s)
    begin_s = min(_EARLY_S, rt60_s / 4) / 2
    fade = np.clip(time_s / begin_s - 1, 0, 1)
    tail: NDArray[np.float64] = rng.standard_normal(length) * np.sqrt(density) * fade
    return tail
