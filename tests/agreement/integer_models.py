"""Random integer networks with inputs and outputs, for every implementation of ``spec/numerics.md`` to agree on.

``python -m tests.agreement.integer_models FOLDER --count 1000 --seed 0`` writes ``NNNN.stapes`` and ``NNNN.case``.
A case is little-endian, one after the other, without padding:

    u32 F, M, T, J, N, V, L, H
    f32 features [F, M]
    i32 contexts [N, 2]
    i16 frames [T, J]          encoder frames, 10 fraction bits
    i16 predictions [N, J]     predictor parts, 10 fraction bits
    i32 logits [T, N, V]       12 fraction bits
    i8 hidden [L, H]           state after the last frame
    i16 cell [L, H]

The sizes are awkward, the weights of all magnitudes, some rows 0, and features and biases at times beyond every range.
Letters: F feature frames, M mel bins, T encoder frames, J joint, N contexts, V vocabulary, L layers, H hidden.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stapes import format as packed_format
from stapes.codec import Codec, Dense, Float32, Sparse, Uniform
from stapes.engine import IntegerNetwork
from stapes.engine.settings import NetworkSettings
from stapes.features import FbankConfig

CODECS = (
    Uniform(),
    *(Dense(bits, coded) for bits in (2, 3, 4, 6, 8) for coded in (0, 1)),
    *(Sparse(bits, coded, permuted) for bits in (2, 4, 8) for coded in (0, 1) for permuted in (0, 1)),
)
MATRIX_GAIN = 3.0


@dataclass(frozen=True)
class Case:
    """Inputs and what comes out of them; the shapes are those of the module's text."""

    features: np.ndarray
    contexts: np.ndarray
    frames: np.ndarray
    predictions: np.ndarray
    logits: np.ndarray
    hidden: np.ndarray
    cell: np.ndarray

    def to_bytes(self) -> bytes:
        """The content of a ``.case`` file."""
        sizes = [*self.features.shape, *self.frames.shape, len(self.contexts), self.logits.shape[2]]
        arrays = [
            (np.array([*sizes, *self.hidden.shape]), "<u4"),
            (self.features, "<f4"),
            (self.contexts, "<i4"),
        ]
        arrays += [(self.frames, "<i2"), (self.predictions, "<i2"), (self.logits, "<i4")]
        arrays += [(self.hidden, "i1"), (self.cell, "<i2")]
        return b"".join(array.astype(kind).tobytes() for array, kind in arrays)


def write_random_model(path: Path, seed: int) -> None:
    """A packed model that can be run in integers."""
    random = np.random.default_rng([seed, 0])
    settings = _settings(random)
    tensors = {
        name: _tensor(random, name, shape) for name, shape in sorted(settings.shapes(joined=True).items())
    }
    network = {
        "kind": settings.kind,
        "features": {"mel_bins": settings.features.mel_bins},
        "vocabulary": list(settings.vocabulary),
        "channels": list(settings.channels),
        **{size: getattr(settings, size) for size in ("hidden", "layers", "embedding", "joint", "tail_ms")},
    }
    packed_format.write(path, {"network": network, "integer": {"kind": "q7"}}, tensors)


def random_case(network: IntegerNetwork, seed: int) -> Case:
    """Random inputs of ``network``, and its outputs."""
    random = np.random.default_rng([seed, 1])
    settings = network.settings
    features = random.normal(
        0, 10.0 ** random.uniform(-1, 1), (int(random.integers(7, 100)), settings.features.mel_bins)
    )
    features[random.random(features.shape) < 0.01] = random.choice([-1e30, -40, 40, 1e30])
    features = features.astype(np.float32)
    labels = len(settings.vocabulary)
    contexts = np.concatenate([[[-1, 0]], random.integers(-1, labels, (int(random.integers(0, 5)), 2))])
    frames, state = network.encode_features(features, network.init_state())
    predictions = network.predict(contexts)
    logits = np.array([network.logits(frame, predictions) for frame in frames])
    return Case(
        features, contexts, frames * 2**10, predictions * 2**10, logits * 2**12, state.hidden, state.cell
    )


def _settings(random: np.random.Generator) -> NetworkSettings:
    def size(most: int) -> int:
        return int(random.choice([random.integers(1, most + 1), *(n for n in (1, 15, 16, 17) if n <= most)]))

    return NetworkSettings(
        kind="transducer",
        features=FbankConfig(mel_bins=int(random.integers(7, 24))),
        vocabulary=("<blk>", *(f"▁{index}" for index in range(size(40)))),
        channels=(size(9), size(9)),
        hidden=size(70),
        layers=int(random.integers(1, 4)),
        embedding=size(40),
        joint=size(70),
        tail_ms=400,
    )


def _tensor(random: np.random.Generator, name: str, shape: tuple[int, ...]) -> tuple[np.ndarray, Codec]:
    if len(shape) == 1:
        return _vector(random, name, shape[0]), Float32()
    columns = int(np.prod(shape[1:]))
    # Mostly so that outputs fill their range, sometimes far too large or too small.
    gain = MATRIX_GAIN / np.sqrt(columns) * 2.0 ** random.choice([0] * 20 + [3, 3, -4, -16])
    rows = 2.0 ** random.uniform(-2, 1, (shape[0], 1)) * (random.random((shape[0], 1)) > 0.05)
    matrix = random.standard_t(4, (shape[0], columns)) * gain * rows
    if random.random() < 0.3:
        matrix *= random.random(matrix.shape) > random.random()
    return matrix.reshape(shape).astype(np.float32), CODECS[int(random.integers(len(CODECS)))]


def _vector(random: np.random.Generator, name: str, length: int) -> np.ndarray:
    spread = {"feature_scale": 0.1, "feature_mean": 5.0}.get(name, 2.0 ** random.choice([-2] * 20 + [3, 12]))
    vector = random.normal(0, spread, length)
    if name.endswith("norm.weight") or (name.startswith("norms") and name.endswith("weight")):
        vector = 0.3 + 0.3 * random.standard_t(3, length)
    return vector.astype(np.float32)


def main(arguments: list[str] | None = None) -> None:
    """Write models and cases."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given: Any = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    for number in range(given.count):
        path = given.folder / f"{number:04}.stapes"
        write_random_model(path, given.seed + number)
        case = random_case(IntegerNetwork.load(path), given.seed + number)
        path.with_suffix(".case").write_bytes(case.to_bytes())


if __name__ == "__main__":
    main()
