"""What the metadata of a packed model says about its network, checked once, and its tensors, checked against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes import config
from stapes.errors import ConfigError, FormatError
from stapes.features import FbankConfig

KIND = "transducer"
INTEGER = "integer"
"""Metadata of a model that can be run in integers; its layers are then stored joined."""
INTEGER_KIND = "q7"
_MOST = 4096


@dataclass(frozen=True)
class NetworkSettings:
    """Sizes of the network, as ``spec/network.md`` names them.

    Args:
        kind: always ``transducer``.
        features: settings of the filter bank.
        vocabulary: the V pieces by label; the first is blank.
        channels: of the two subsampling convolutions.
        hidden: width H of the LSTM layers.
        layers: their number L.
        embedding: width of a label's embedding.
        joint: width J of the joint.
        tail_ms: silence heard after the last sample.
        ctc_scale: factor of the CTC head's scores in a search, 0 to 10; 0 where there is no such head.
        ctc_frames: how long after its emission the head may find a label, 0 to 100.
    """

    kind: str
    features: FbankConfig
    vocabulary: tuple[str, ...]
    channels: tuple[int, ...]
    hidden: int
    layers: int
    embedding: int
    joint: int
    tail_ms: int
    ctc_scale: float = 0.0
    ctc_frames: int = 0

    def __post_init__(self) -> None:
        if self.kind != KIND:
            raise ConfigError(f"kind: '{KIND}' is expected, got '{self.kind}'")
        if not 2 <= len(self.vocabulary) <= _MOST:
            raise ConfigError(f"vocabulary: 2 to {_MOST} pieces are expected, got {len(self.vocabulary)}")
        if len(self.channels) != 2:
            raise ConfigError(f"channels: two numbers are expected, got {list(self.channels)}")
        sizes = {
            "hidden": self.hidden,
            "layers": self.layers,
            "embedding": self.embedding,
            "joint": self.joint,
        }
        sizes.update({f"channels[{index}]": size for index, size in enumerate(self.channels)})
        for name, size in sizes.items():
            if not 1 <= size <= _MOST:
                raise ConfigError(f"{name}: 1 to {_MOST} is expected, got {size}")
        if not 0 <= self.tail_ms <= 2000:
            raise ConfigError(f"tail_ms: 0 to 2000 is expected, got {self.tail_ms}")
        if not 0 <= self.ctc_scale <= 10:
            raise ConfigError(f"ctc_scale: 0 to 10 is expected, got {self.ctc_scale:g}")
        if not 0 <= self.ctc_frames <= 100:
            raise ConfigError(f"ctc_frames: 0 to 100 is expected, got {self.ctc_frames}")

    @property
    def frame_width(self) -> int:
        """Width of an encoder frame: J for the joint, then V logits where there is a CTC head."""
        return self.joint + (len(self.vocabulary) if self.ctc_scale else 0)

    def shapes(self, joined: bool = False) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor, by name; ``joined`` for those of ``spec/numerics.md``, section 8."""
        M, H, E, J, V = (
            self.features.mel_bins,
            self.hidden,
            self.embedding,
            self.joint,
            len(self.vocabulary),
        )
        first, second = self.channels
        bands = ((M - 1) // 2 - 1) // 2
        shapes: dict[str, tuple[int, ...]] = {
            "feature_mean": (M,),
            "feature_scale": (M,),
            "subsampling.conv1.weight": (first, 1, 3, 3),
            "subsampling.conv1.bias": (first,),
            "subsampling.conv2.weight": (second, first, 3, 3),
            "subsampling.conv2.bias": (second,),
            "final_norm.weight": (H,),
            "final_norm.bias": (H,),
            "embedding.weight": (V, E),
        }
        for layer in range(self.layers):
            shapes |= {f"norms.{layer}.{part}": (H,) for part in ("weight", "bias")}
            if joined:
                shapes |= {f"lstms.{layer}.weight": (4 * H, 2 * H), f"lstms.{layer}.bias": (4 * H,)}
                continue
            shapes |= {f"lstms.{layer}.weight_{side}_l0": (4 * H, H) for side in ("ih", "hh")}
            shapes |= {f"lstms.{layer}.bias_{side}_l0": (4 * H,) for side in ("ih", "hh")}
        linear = {
            "subsampling.linear": (H, second * bands),
            "encoder_projection": (self.frame_width, H),
            "context": (E, 2 * E),
            "predictor_projection": (J, E),
            "output": (V, J),
        }
        for name, shape in linear.items():
            shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
        return shapes


@dataclass(frozen=True)
class IntegerSettings:
    """The metadata ``integer``.

    Args:
        kind: always ``q7``.
        ranges: the magnitudes that were scaled to 1, by name; for people.
    """

    kind: str
    ranges: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind != INTEGER_KIND:
            raise ConfigError(f"kind: '{INTEGER_KIND}' is expected, got '{self.kind}'")


def read_settings(metadata: Mapping[str, Any]) -> NetworkSettings:
    """The network settings in a packed model's metadata.

    Raises:
        FormatError: they are missing or wrong.
    """
    table = metadata.get("network")
    if not isinstance(table, Mapping):
        raise FormatError(
            "packed model: metadata holds no table 'network'; a model of stapes pack is expected"
        )
    try:
        return config.build(NetworkSettings, table, "packed model: metadata: network")
    except ConfigError as error:
        raise FormatError(str(error)) from None


def take_tensors(
    settings: NetworkSettings, tensors: Mapping[str, NDArray[np.float32]], joined: bool = False
) -> dict[str, NDArray[np.float32]]:
    """The tensors of the network.

    Raises:
        FormatError: one is missing or has another shape.
    """
    taken = {}
    for name, shape in settings.shapes(joined).items():
        tensor = tensors.get(name)
        if tensor is None:
            raise FormatError(f"packed model: tensor '{name}' is missing")
        if tensor.shape != shape:
            raise FormatError(
                f"packed model: tensor '{name}': shape {list(shape)} is expected, got {list(tensor.shape)}"
            )
        taken[name] = tensor
    return taken
