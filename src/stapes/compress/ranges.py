"""How far the activations of a network reach on real sound, for integer arithmetic: ``spec/numerics.md``, section 8.

Letters: F feature frames, M mel bins, V vocabulary, N contexts.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stapes.errors import ConfigError
from stapes.model.transducer import RECEPTIVE_FRAMES, Transducer

PERCENTILE = 99.999
"""Changes the output of the network least; the largest magnitudes themselves cost resolution."""
_CONTEXTS = 4096
# Magnitudes are counted in bins of a 32nd of an octave, from 2⁻²⁰ to 2²⁰.
_BINS_PER_OCTAVE = 32
_OCTAVES = 20


@torch.no_grad()
def measure_ranges(
    network: Transducer,
    recordings: Iterable[NDArray[np.float32]],
    percentile: float = PERCENTILE,
    seed: int = 0,
) -> dict[str, float]:
    """The magnitude that a percentile of each kind of activation does not exceed, up to 2 %.

    Args:
        network: in evaluation mode, on the processor.
        recordings: log-mel features [F, M] of each; those of less than seven frames say nothing.
        percentile: of the magnitudes, in (0, 100]; what lies beyond is clipped by the integer network.
        seed: of the label contexts that the predictor is tried with.

    Returns:
        The ranges by the names of ``spec/numerics.md``; 1 for what is always 0.

    Raises:
        ConfigError: the percentile is out of range, or there is no recording.
    """
    if not 0 < percentile <= 100:
        raise ConfigError(f"ranges: the percentile is {percentile}; more than 0 up to 100 is accepted")
    counts = {name: _Magnitudes() for name in ("features", "context", *_observed(network))}
    handles = [
        module.register_forward_hook(_observer(counts[name], rectified))
        for name, (module, rectified) in _observed(network).items()
    ]
    try:
        heard = [_hear(network, features, counts["features"]) for features in recordings]
    finally:
        for handle in handles:
            handle.remove()
    if not any(heard):
        raise ConfigError("ranges: a recording of seven feature frames or more is expected, got none")
    _predict(network, counts["context"], seed)
    ranges = {name: magnitudes.percentile(percentile) for name, magnitudes in counts.items()}
    return {**ranges, "embedding": float(network.embedding.weight.abs().max()) or 1.0}


def _observed(network: Transducer) -> dict[str, tuple[nn.Module, bool]]:
    """The modules whose outputs feed a matrix, by name of the range; and whether ReLU comes between."""
    norms = {f"norms.{layer}": (norm, False) for layer, norm in enumerate(network.norms)}
    first, second = network.subsampling.conv1, network.subsampling.conv2
    return {
        "conv1": (first, True),
        "conv2": (second, True),
        **norms,
        "final_norm": (network.final_norm, False),
    }


def _observer(magnitudes: "_Magnitudes", rectified: bool) -> Callable[[nn.Module, Any, Tensor], None]:
    def observe(module: nn.Module, inputs: Any, output: Tensor) -> None:
        magnitudes.add(output.clamp(min=0) if rectified else output)

    return observe


def _hear(network: Transducer, features: NDArray[np.float32], magnitudes: "_Magnitudes") -> bool:
    if len(features) < RECEPTIVE_FRAMES:
        return False
    given = torch.from_numpy(features)
    magnitudes.add((given - network.feature_mean) * network.feature_scale)
    network.encode(given[None])
    return True


def _predict(network: Transducer, magnitudes: "_Magnitudes", seed: int) -> None:
    contexts = np.random.default_rng(seed).integers(0, network.config.vocabulary, (_CONTEXTS, 2))
    embedded = network.embedding(torch.from_numpy(contexts)).flatten(-2)
    magnitudes.add(network.context(embedded).clamp(min=0))


class _Magnitudes:
    """A histogram over the logarithm of magnitudes, and the largest."""

    def __init__(self) -> None:
        self._counts = np.zeros(2 * _OCTAVES * _BINS_PER_OCTAVE, np.int64)
        self._largest = 0.0

    def add(self, values: Tensor) -> None:
        magnitudes = values.abs().flatten().numpy()
        self._largest = max(self._largest, float(magnitudes.max(initial=0)))
        octaves = np.log2(np.maximum(magnitudes, 2.0**-_OCTAVES)) + _OCTAVES
        bins = np.minimum((octaves * _BINS_PER_OCTAVE).astype(np.int64), len(self._counts) - 1)
        self._counts += np.bincount(bins, minlength=len(self._counts))

    def percentile(self, percent: float) -> float:
        """The upper edge of the bin in which it lies; 1 if all was 0."""
        if self._largest == 0:
            return 1.0
        below = np.cumsum(self._counts) >= percent / 100 * self._counts.sum()
        edge = 2 ** ((int(np.argmax(below)) + 1) / _BINS_PER_OCTAVE - _OCTAVES)
        return min(float(edge), self._largest)
