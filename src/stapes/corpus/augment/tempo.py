"""Tempo without pitch: waveform similarity overlap-add.

Verhelst and Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality time-scale
modification of speech" (1993). Letters of shapes: N samples, M samples afterwards.
"""

import numpy as np

from stapes.corpus.augment.levels import Waveform

_FRAME_SAMPLES = 512  # 32 ms: two periods of a low voice
_HOP_SAMPLES = _FRAME_SAMPLES // 2
_SEARCH_SAMPLES = 160  # a frame may be taken this far from its place: half a period of a low voice and more
_WINDOW = np.hanning(_FRAME_SAMPLES + 1)[:-1].astype(np.float32)


def change_tempo(waveform: Waveform, factor: float) -> Waveform:
    """``waveform`` [N] spoken ``factor`` times as fast, at its pitch: M = round(N / factor) samples."""
    length = round(len(waveform) / factor)
    frames = -(-length // _HOP_SAMPLES) + 1
    before = _SEARCH_SAMPLES + _HOP_SAMPLES
    after = _FRAME_SAMPLES + 2 * _SEARCH_SAMPLES + _HOP_SAMPLES
    padded = np.pad(waveform, (before, after + round(_HOP_SAMPLES * factor)))
    out = np.zeros((frames + 1) * _HOP_SAMPLES, dtype=np.float32)
    taken = _SEARCH_SAMPLES
    for index in range(frames):
        if index:
            wanted = padded[taken + _HOP_SAMPLES : taken + _HOP_SAMPLES + _FRAME_SAMPLES]
            taken = _most_alike(padded, wanted, _SEARCH_SAMPLES + int(index * _HOP_SAMPLES * factor))
        frame = padded[taken : taken + _FRAME_SAMPLES]
        out[index * _HOP_SAMPLES :][:_FRAME_SAMPLES] += _WINDOW * frame
    return out[_HOP_SAMPLES : _HOP_SAMPLES + length]


def _most_alike(padded: Waveform, wanted: Waveform, place: int) -> int:
    """Where, within the search around ``place``, a frame of ``padded`` goes on most like ``wanted``."""
    first = place - _SEARCH_SAMPLES
    candidates = padded[first : place + _SEARCH_SAMPLES + _FRAME_SAMPLES]
    likeness = np.correlate(candidates, wanted, "valid")
    energies = np.cumsum(np.concatenate(([0.0], np.square(candidates, dtype=np.float64))))
    norms = np.sqrt(energies[_FRAME_SAMPLES:] - energies[:-_FRAME_SAMPLES] + 1e-9)
    return first + int(np.argmax(likeness / norms))
