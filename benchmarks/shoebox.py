"""Rooms for measuring: every reflection of a shoebox, to the end of the reverberation, by the image-source method.

Allen and Berkley 1979, "Image method for efficiently simulating small-room acoustics". The rooms of
`stapes.corpus.augment`, which training hears, stop after 30 ms and go on with noise, and are other rooms.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from stapes.units import SAMPLE_RATE_HZ

ROOMS = 6
_SOUND_M_PER_S = 343.0
_SMALLEST_M = np.array([3.0, 2.5, 2.3])
_LARGEST_M = np.array([6.5, 5.0, 3.2])
_WALL_DISTANCE_M = 0.4
# Far enough that the walls are heard, near enough for someone who talks to a device.
_DISTANCE_M = (0.8, 2.5)
_DIRECT_S = 0.005


@cache
def responses(seed: int, rt60_s: float) -> tuple[NDArray[np.float64], ...]:
    """``ROOMS`` impulse responses, the direct sound with amplitude one; equal for equal arguments."""
    rng = np.random.default_rng([seed, round(1000 * rt60_s)])
    return tuple(response(rng, rt60_s) for _ in range(ROOMS))


def response(rng: np.random.Generator, rt60_s: float) -> NDArray[np.float64]:
    """Impulse response of a room of random size with random places for speaker and microphone.

    The walls' reflection follows from Eyring's formula, and is then set so that the response falls by 60 dB in
    ``rt60_s``: a shoebox rings longer along its long side than the formula knows.
    """
    size_m = rng.uniform(_SMALLEST_M, _LARGEST_M)
    while True:
        speaker_m, microphone_m = rng.uniform(_WALL_DISTANCE_M, size_m - _WALL_DISTANCE_M, (2, 3))
        if _DISTANCE_M[0] <= np.linalg.norm(speaker_m - microphone_m) <= _DISTANCE_M[1]:
            break
    walls, distances_m = _images(size_m, speaker_m, microphone_m, rt60_s)
    surface_m2 = 2 * (size_m[0] * size_m[1] + size_m[0] * size_m[2] + size_m[1] * size_m[2])
    eyring = -0.161 * float(size_m.prod()) / (2 * surface_m2 * rt60_s)
    least, most = 4 * eyring, eyring / 4
    for _ in range(12):
        middle = (least + most) / 2
        too_long = rt60_of(_sum(walls, distances_m, middle, rt60_s)) > rt60_s
        least, most = (least, middle) if too_long else (middle, most)
    return _sum(walls, distances_m, (least + most) / 2, rt60_s)


def rt60_of(impulse_response: NDArray[np.float64]) -> float:
    """Reverberation time in seconds (Schroeder 1965), of what follows the first 5 ms, with the direct sound.

    It is the slope of the level of the energy that remains, between -5 and -25 dB, taken to -60 dB.
    """
    remaining = np.cumsum(np.square(impulse_response[int(_DIRECT_S * SAMPLE_RATE_HZ) :])[::-1])[::-1]
    level_db = 10 * np.log10(np.maximum(remaining / remaining[0], 1e-9))
    places = np.flatnonzero((level_db <= -5) & (level_db >= -25))
    slope = np.polyfit(places / SAMPLE_RATE_HZ, level_db[places], 1)[0]
    return float(-60 / slope)


def reverberate(samples: NDArray[np.float32], impulse_response: NDArray[np.float64]) -> NDArray[np.float32]:
    """``samples`` [N] in the room, as loud as before and with what still rings after the end."""
    length = len(samples) + len(impulse_response) - 1
    size = 1 << (length - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(impulse_response, size), size)[:length]
    gain = np.sqrt(np.square(samples, dtype=np.float64).sum() / max(np.square(wet).sum(), 1e-12))
    return np.asarray(gain * wet, np.float32)


def _images(
    size_m: NDArray[np.float64],
    speaker_m: NDArray[np.float64],
    microphone_m: NDArray[np.float64],
    rt60_s: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of every image that is heard within ``rt60_s``: the walls it met, and how far away it is in metres."""
    reach_m = rt60_s * _SOUND_M_PER_S
    axes = []
    for size, speaker, microphone in zip(size_m, speaker_m, microphone_m, strict=True):
        order = int(reach_m / (2 * size)) + 1
        cells = np.arange(-order, order + 1)
        plain, mirrored = 2 * cells * size + speaker, 2 * cells * size - speaker
        offsets = np.concatenate((plain, mirrored)) - microphone
        axes.append((np.concatenate((np.abs(2 * cells), np.abs(2 * cells - 1))), offsets))
    (x_walls, x), (y_walls, y), (z_walls, z) = axes
    distances = np.sqrt(np.add.outer(np.add.outer(x**2, y**2), z**2)).ravel()
    walls = np.add.outer(np.add.outer(x_walls, y_walls), z_walls).ravel()
    near = distances < reach_m
    return walls[near], distances[near]


def _sum(
    walls: NDArray[np.int64], distances_m: NDArray[np.float64], log_reflection: float, rt60_s: float
) -> NDArray[np.float64]:
    """All images, each at the nearest sample, delayed and weakened relative to the direct sound."""
    direct_m = distances_m[np.argmin(walls)]
    delays = np.rint((distances_m - direct_m) / _SOUND_M_PER_S * SAMPLE_RATE_HZ).astype(np.int64)
    amplitudes = np.exp(log_reflection * walls) * direct_m / distances_m
    heard = delays >= 0
    summed = np.bincount(delays[heard], amplitudes[heard], int(rt60_s * SAMPLE_RATE_HZ))
    return _highpass(summed.astype(np.float64))


def _highpass(response: NDArray[np.float64]) -> NDArray[np.float64]:
    """Images all push the same way, which no microphone hears; what lies below 50 Hz is taken out."""
    size = len(response) + SAMPLE_RATE_HZ // 10  # what swings before the direct sound ends up there
    hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    spectrum = np.fft.rfft(response, size) * (1 - np.exp(-((hz / 50) ** 2)))
    return np.asarray(np.fft.irfft(spectrum, size)[: len(response)])
