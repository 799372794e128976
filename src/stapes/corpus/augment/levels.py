"""How loud speech is, where it ends, and how another sound is mixed into it.

Letters of shapes: N samples.
"""

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]

FRAME_SAMPLES = 160
# Frames this far below the loudest frame count as pauses: 40 dB.
_PAUSE_POWER_RATIO = 1e-4
# A recording of pure silence is mixed as if it spoke at -30 dBFS.
_SILENCE_POWER = 1e-3
# Noise in bursts can be absent from a segment; below this share of its long-term power it is not amplified.
_QUIET_NOISE_POWER = 0.1

# Room noise varies from frame to frame; three together vary little enough for a threshold near the floor.
_SMOOTHING = np.full(3, 1 / 3)
_HANGOVER_FRAMES = 3
_NEVER_SPEECH_DB = -55.0
_ALWAYS_SPEECH_DB = -32.0
_ABOVE_FLOOR_DB = 6.0


def frame_powers(waveform: Waveform) -> NDArray[np.float64]:
    """Mean square of each whole frame of 10 ms, or of all of ``waveform`` [N] where it is shorter."""
    count = len(waveform) // FRAME_SAMPLES
    if count == 0:
        return np.square(waveform, dtype=np.float64).mean(keepdims=True) if len(waveform) else np.zeros(0)
    frames = waveform[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES)
    powers: NDArray[np.float64] = np.einsum("ij,ij->i", frames, frames).astype(np.float64)
    return powers / FRAME_SAMPLES


def active_power(waveform: Waveform) -> float:
    """Mean square of ``waveform`` [N] without its pauses, the frames 40 dB below the loudest."""
    powers = frame_powers(waveform)
    if not len(powers) or powers.max() <= 0:
        return 0.0
    return float(powers[powers > powers.max() * _PAUSE_POWER_RATIO].mean())


def speech_end(waveform: Waveform) -> int:
    """The number of samples up to the end of speech in ``waveform`` [N], 30 ms of safety included.

    A frame is speech when it stands 6 dB above the noise floor (the 5th percentile of all frames), either as
    it is or with high frequencies raised, where weak final fricatives stand out from room noise. Less than
    32 dB below the loud frames (the 95th percentile) it is speech in any case, more than 55 dB below them it
    never is: where the noise floor lies close to the speech, N is returned.
    """
    if len(waveform) < len(_SMOOTHING) * FRAME_SAMPLES:
        return len(waveform)
    speech = _speech_frames(waveform - waveform.mean()) | _speech_frames(
        np.diff(waveform, prepend=waveform[:1])
    )
    if not speech.any():
        return len(waveform)
    last = int(np.flatnonzero(speech)[-1])
    return min(len(waveform), (last + 1 + _HANGOVER_FRAMES) * FRAME_SAMPLES)


def speech_begin(waveform: Waveform) -> int:
    """The number of samples before speech begins in ``waveform`` [N]: `speech_end` of it played backwards."""
    return len(waveform) - speech_end(waveform[::-1])


def _speech_frames(waveform: Waveform) -> NDArray[np.bool_]:
    powers = np.convolve(frame_powers(waveform), _SMOOTHING, "same")
    floor, loud = np.percentile(powers, (5, 95))
    lowest, highest = (loud * 10 ** (level_db / 10) for level_db in (_NEVER_SPEECH_DB, _ALWAYS_SPEECH_DB))
    threshold = float(np.clip(floor * 10 ** (_ABOVE_FLOOR_DB / 10), lowest, highest))
    return np.asarray(powers > threshold)


def mix(waveform: Waveform, noise: Waveform, snr_db: float) -> Waveform:
    """``waveform`` [N] plus ``noise`` [N], scaled to ``snr_db`` below the active power of ``waveform``.

    ``noise`` has a long-term power of one. A silent ``waveform`` is taken for speech at -30 dBFS.
    """
    wanted = (active_power(waveform) or _SILENCE_POWER) * 10 ** (-snr_db / 10)
    power = float(np.dot(noise, noise)) / max(1, len(noise))
    scale = np.float32(np.sqrt(wanted / max(power, _QUIET_NOISE_POWER)))
    return waveform + scale * noise


def loop(sound: Waveform, start_samples: int, length_samples: int) -> Waveform:
    """``length_samples`` of ``sound`` [N] from ``start_samples`` on, repeated as needed; N is at least 1."""
    stop = start_samples + length_samples
    if stop <= len(sound):
        return sound[start_samples:stop]
    return np.resize(np.roll(sound, -start_samples), length_samples)
