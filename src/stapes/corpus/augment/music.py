"""Artificial music: a loop of bars in which a tune, a bass and drums each play or rest.

Letters of shapes: C samples of a loop, N of a note.
"""

import numpy as np
from numpy.typing import NDArray

from stapes.units import SAMPLE_RATE_HZ

Sound = NDArray[np.float64]

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10))
_HARMONICS = 12
_PART_PROBABILITY = 0.65


def play_band(rng: np.random.Generator, length: int) -> Sound:
    """Music [C] of at least one part: two to eight bars of four beats in some key and scale."""
    beats = int(rng.choice([8, 12, 16, 24, 32]))
    beat = length // beats
    scale = np.array(_SCALES[rng.integers(len(_SCALES))])
    key = rng.integers(-12, 12)
    parts = [
        _tune(rng, beats, beat, key + scale),
        _bass(rng, beats, beat, key - 24 + scale),
        _drums(rng, beats, beat),
    ]
    playing = rng.random(len(parts)) < _PART_PROBABILITY
    playing[rng.integers(len(parts))] = True
    sound = np.zeros(length)
    for part in np.flatnonzero(playing):
        for start, note in parts[part]:
            _add(sound, start, note)
    return sound


def _tune(
    rng: np.random.Generator, beats: int, beat: int, scale: NDArray[np.int64]
) -> list[tuple[int, Sound]]:
    """Steps up and down the scale in halves, wholes and doubles of a beat; one timbre for all notes."""
    timbre, vibrato, decay = _timbre(rng), rng.uniform(0, 0.01), rng.uniform(0, 6)
    place, degree = 0.0, int(rng.integers(2 * len(scale)))
    notes: list[tuple[int, Sound]] = []
    while place < beats:
        beats_held = float(rng.choice([0.5, 1, 1, 2]))
        degree = int(np.clip(degree + rng.integers(-3, 4), 0, 3 * len(scale) - 1))
        semitones = scale[degree % len(scale)] + 12 * (degree // len(scale)) - 12
        if not notes or rng.random() < 0.85:
            length = int(beats_held * beat * rng.uniform(0.5, 1))
            notes.append((int(place * beat), _note(semitones, length, timbre, vibrato, decay)))
        place += beats_held
    return notes


def _bass(
    rng: np.random.Generator, beats: int, beat: int, scale: NDArray[np.int64]
) -> list[tuple[int, Sound]]:
    """The same low note for a bar of four beats, struck on some of them."""
    timbre, decay, strikes = _timbre(rng), rng.uniform(0, 5), rng.random(4) < 0.6
    strikes[0] = True
    roots = rng.choice(scale, beats // 4)
    return [
        (place * beat, 1.5 * _note(roots[place // 4], beat, timbre, 0.0, decay))
        for place in range(beats)
        if strikes[place % 4]
    ]


def _drums(rng: np.random.Generator, beats: int, beat: int) -> list[tuple[int, Sound]]:
    """A pattern of eight half beats, repeated: a kick that falls in pitch, a snare and a cymbal of noise."""
    drums = (_kick(rng), _hit(rng, 0.15, 0.5), 0.5 * _hit(rng, 0.05, 1.0))
    pattern = rng.random((8, len(drums))) < np.array([0.3, 0.25, 0.5])
    pattern[0, 0] = True
    return [
        (half * beat // 2, drums[drum])
        for half in range(2 * beats)
        for drum in np.flatnonzero(pattern[half % len(pattern)])
    ]


def _timbre(rng: np.random.Generator) -> Sound:
    """Strengths of the harmonics, which fall slowly, as those of a string, or fast, as those of a flute."""
    return rng.uniform(0.2, 1, _HARMONICS) * np.arange(1, _HARMONICS + 1) ** -rng.uniform(0.3, 3)


def _note(semitones: int, length: int, timbre: Sound, vibrato: float, decay: float) -> Sound:
    """A note [N], ``semitones`` above 440 Hz."""
    time_s = np.arange(length) / SAMPLE_RATE_HZ
    hz = 440 * 2 ** (semitones / 12)
    phase = 2 * np.pi * hz * (time_s + vibrato * np.sin(2 * np.pi * 5.5 * time_s) / 35)
    audible = np.arange(1, _HARMONICS + 1) * hz < SAMPLE_RATE_HZ / 2
    wave = timbre[audible] @ np.sin(np.outer(np.flatnonzero(audible) + 1, phase))
    ends = np.minimum(1, np.minimum(time_s, time_s[::-1]) / 0.008)
    return np.asarray(wave * ends * np.exp(-decay * time_s))


def _kick(rng: np.random.Generator) -> Sound:
    time_s = np.arange(SAMPLE_RATE_HZ // 4) / SAMPLE_RATE_HZ
    hz = rng.uniform(40, 70) + rng.uniform(50, 200) * np.exp(-time_s * 30)
    return np.asarray(2 * np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ) * np.exp(-time_s * 12))


def _hit(rng: np.random.Generator, seconds: float, brightness: float) -> Sound:
    """Noise that dies away in about ``seconds``; ``brightness`` 1 takes out what is low."""
    noise = rng.standard_normal(int(4 * seconds * SAMPLE_RATE_HZ))
    noise[1:] -= brightness * noise[:-1]
    return np.asarray(noise * np.exp(-np.arange(len(noise)) / (seconds * SAMPLE_RATE_HZ)))


def _add(sound: Sound, start: int, note: Sound) -> None:
    """Add ``note`` from ``start`` on; what goes past the end of the loop sounds at its beginning."""
    places = (start + np.arange(len(note))) % len(sound)
    sound[places] += note
