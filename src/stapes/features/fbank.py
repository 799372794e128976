"""Kaldi-compatible log-mel filter bank, streaming and offline from one code path.

Letters: N samples, T frames, W window samples, K power bins, M mel bins.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes.errors import ConfigError
from stapes.units import SAMPLE_RATE_HZ, ms_to_samples

Samples = NDArray[np.float32]
Frames = NDArray[np.float32]

# The smallest energy whose logarithm is taken: float32 epsilon, as Kaldi has it.
_ENERGY_FLOOR = np.finfo(np.float32).eps


@dataclass(frozen=True)
class FbankConfig:
    """Settings of the filter bank; the defaults are those of spec/features.md.

    Args:
        sample_rate_hz: rate of the samples given, 8000 or more.
        window_ms: length of the analysis window.
        shift_ms: distance between frames.
        mel_bins: filters M, 1 to 128.
        low_hz: lower edge of the lowest filter.
        high_hz: upper edge of the highest filter, at most half the sample rate.
        preemphasis: coefficient of the first-order high-pass, 0 to 1.
    """

    sample_rate_hz: int = SAMPLE_RATE_HZ
    window_ms: float = 25.0
    shift_ms: float = 10.0
    mel_bins: int = 80
    low_hz: float = 20.0
    high_hz: float = 7600.0
    preemphasis: float = 0.97

    def __post_init__(self) -> None:
        if self.sample_rate_hz < 8000:
            raise ConfigError(f"sample_rate_hz: 8000 or more is expected, got {self.sample_rate_hz}")
        if not 0 < self.shift_ms <= self.window_ms:
            raise ConfigError(
                f"shift_ms: more than 0 and at most window_ms ({self.window_ms}) is expected, got {self.shift_ms}"
            )
        if not 1 <= self.mel_bins <= 128:
            raise ConfigError(f"mel_bins: 1 to 128 is expected, got {self.mel_bins}")
        if not 0 <= self.low_hz < self.high_hz <= self.sample_rate_hz / 2:
            raise ConfigError(
                f"low_hz, high_hz: 0 <= low < high <= {self.sample_rate_hz / 2:g} is expected, "
                f"got {self.low_hz:g}, {self.high_hz:g}"
            )
        if not 0 <= self.preemphasis <= 1:
            raise ConfigError(f"preemphasis: 0 to 1 is expected, got {self.preemphasis}")

    @property
    def window_samples(self) -> int:
        """W."""
        return ms_to_samples(self.window_ms, self.sample_rate_hz)

    @property
    def shift_samples(self) -> int:
        """Samples from one frame to the next."""
        return ms_to_samples(self.shift_ms, self.sample_rate_hz)

    @property
    def fft_samples(self) -> int:
        """The next power of two that holds W."""
        return 1 << (self.window_samples - 1).bit_length()


@dataclass(frozen=True)
class FbankState:
    """Where a stream stands: the samples still needed, and how many were dropped before them.

    Args:
        pending: the last samples of the stream so far.
        dropped_samples: samples before ``pending``.
        frames_done: frames put out so far.
    """

    pending: Samples
    dropped_samples: int = 0
    frames_done: int = 0


class Fbank:
    """The filter bank as a pure function of (samples, state).

    Frame t covers W samples centred on (t + 1/2) * shift; a stream of N samples has floor(N / shift + 1/2) frames;
    at both ends the signal is mirrored (Kaldi's ``snip_edges=false``). Every frame is computed by itself, so the
    values do not depend on how the stream was cut into chunks.
    """

    def __init__(self, config: FbankConfig | None = None) -> None:
        self.config = config or FbankConfig()
        self._window = _povey_window(self.config.window_samples)
        self._bins, self._weights, self._starts = _mel_filters(self.config)
        self._lead_samples = self.config.window_samples // 2 - self.config.shift_samples // 2

    def init_state(self) -> FbankState:
        """The state before the first sample."""
        return FbankState(np.zeros(0, np.float32))

    def step(self, samples: Samples, state: FbankState) -> tuple[Frames, FbankState]:
        """Take further samples ([N] float32 in [-1, 1]) and give the frames [T, M] that they complete."""
        pending = np.concatenate([state.pending, np.asarray(samples, np.float32)])
        config = self.config
        total_samples = state.dropped_samples + len(pending)
        tail_samples = config.window_samples - self._lead_samples
        ready = max(0, (total_samples - tail_samples) // config.shift_samples + 1)
        frames = self._frames(pending, state, ready)
        keep_from = max(0, ready * config.shift_samples - self._lead_samples)
        drop = keep_from - state.dropped_samples
        return frames, FbankState(
            pending[drop:].copy(), state.dropped_samples + drop, max(ready, state.frames_done)
        )

    def flush(self, state: FbankState) -> Frames:
        """The frames [T, M] that remain when the stream ends here."""
        total_samples = state.dropped_samples + len(state.pending)
        shift_samples = self.config.shift_samples
        return self._frames(state.pending, state, (total_samples + shift_samples // 2) // shift_samples)

    def __call__(self, samples: Samples) -> Frames:
        """All frames [T, M] of a whole recording ([N] float32 in [-1, 1])."""
        frames, state = self.step(samples, self.init_state())
        return np.concatenate([frames, self.flush(state)])

    def _frames(self, pending: Samples, state: FbankState, end: int) -> Frames:
        """Frames ``state.frames_done`` to ``end`` (exclusive); what lies outside the stream is mirrored."""
        count = end - state.frames_done
        if count <= 0 or len(pending) == 0:
            return np.zeros((0, self.config.mel_bins), np.float32)
        shift_samples, window_samples = self.config.shift_samples, self.config.window_samples
        begin = state.frames_done * shift_samples - self._lead_samples
        span = (count - 1) * shift_samples + window_samples
        total_samples = state.dropped_samples + len(pending)
        # What mirrors the end begins at most 200 samples before it; step() keeps at least 240.
        before = _mirror(np.arange(min(begin, 0), 0), total_samples)
        after = _mirror(np.arange(total_samples, max(begin + span, total_samples)), total_samples)
        inside = pending[max(begin, 0) - state.dropped_samples : begin + span - state.dropped_samples]
        signal = np.concatenate(
            [pending[before - state.dropped_samples], inside, pending[after - state.dropped_samples]]
        )
        windows = np.lib.stride_tricks.sliding_window_view(signal, window_samples)[::shift_samples]
        return self._log_mel(windows)

    def _log_mel(self, windows: Any) -> Frames:
        windows = windows - windows.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
        windows[:, 1:] -= np.float32(self.config.preemphasis) * windows[:, :-1]
        # The first sample has no sample before it, and the window is zero there.
        windows *= self._window
        # From here on in float64: whatever the order of sums and the library, the same float32 comes out.
        spectrum = np.fft.rfft(windows.astype(np.float64), self.config.fft_samples, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        energies = np.add.reduceat(power[:, self._bins] * self._weights, self._starts, axis=1)
        return np.log(np.maximum(energies, _ENERGY_FLOOR)).astype(np.float32)


def _mirror(index: NDArray[np.int64], total_samples: int) -> NDArray[np.int64]:
    """Indices outside [0, total) mirrored at the edges, the edge sample repeated, as often as needed."""
    period = 2 * total_samples
    index = index % period
    return np.where(index < total_samples, index, period - 1 - index)


def _povey_window(window_samples: int) -> NDArray[np.float32]:
    phase = 2 * np.pi * np.arange(window_samples) / (window_samples - 1)
    return ((0.5 - 0.5 * np.cos(phase)) ** 0.85).astype(np.float32)


def _mel(hz: Any) -> Any:
    return 1127.0 * np.log(1.0 + hz / 700.0)


def _mel_filters(
    config: FbankConfig,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Triangular filters as (power bin of each weight, weight, where each filter's weights start)."""
    power_bins = config.fft_samples // 2
    bin_mel = _mel(np.arange(power_bins) * config.sample_rate_hz / config.fft_samples)
    edges = np.linspace(_mel(config.low_hz), _mel(config.high_hz), config.mel_bins + 2)
    bins: list[NDArray[np.int64]] = []
    weights: list[NDArray[np.float64]] = []
    starts: list[int] = []
    for left, centre, right in zip(edges, edges[1:], edges[2:], strict=False):
        weight = np.minimum((bin_mel - left) / (centre - left), (right - bin_mel) / (right - centre))
        inside = np.flatnonzero(weight > 0)
        if len(inside) == 0:
            raise ConfigError(
                f"mel_bins: {config.mel_bins} filters are too narrow for windows of {config.window_ms:g} ms"
            )
        starts.append(sum(len(part) for part in bins))
        bins.append(inside)
        weights.append(weight[inside])
    return np.concatenate(bins), np.concatenate(weights), np.array(starts)
