"""A small random network, saved as a checkpoint of training and packed, for tests that need some network."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from stapes import config
from stapes import format as packed_format
from stapes.codec import Codec, Float32, Uniform
from stapes.compress import fold, integer_metadata, join_head, measure_ranges, pack
from stapes.corpus import Subwords
from stapes.features import Fbank
from stapes.model import Transducer, TransducerConfig
from stapes.train import checkpoint
from stapes.train.checkpoint import Checkpoint
from stapes.train.recipe import Recipe

SPOKEN = ["turn on the light", "turn off the radio", "stop", "go on", "repeat that please"]
PIECES = ["<blk>", "<unk>", *(f"▁w{index}" for index in range(10))]
SIZES = TransducerConfig(vocabulary=len(PIECES), channels=(3, 5), hidden=24, layers=2, embedding=7, joint=11)


def random_checkpoint(
    folder: Path, seed: int = 0, sizes: TransducerConfig = SIZES
) -> tuple[Path, Transducer]:
    """A checkpoint in ``folder`` and the network in it, in evaluation mode."""
    torch.manual_seed(seed)
    network = Transducer(sizes)
    with torch.no_grad():
        network.feature_mean.fill_(-9.0)
        network.feature_scale.fill_(0.25)
        for parameter in network.parameters():
            parameter.mul_(2.0)
    recipe = Recipe(name="tiny", licence="Apache-2.0", network=sizes)
    facts = {"recipe": config.to_dict(recipe), "subwords": "", "pieces": PIECES, "best": 1.0}
    path = folder / "best.safetensors"
    checkpoint.save(path, Checkpoint(7, network.state_dict(), {}, {}, facts))
    return path, network.eval()


def speaking_checkpoint(folder: Path) -> Path:
    """A checkpoint in ``folder`` with subwords, whose layers are large enough to be compressed in several ways."""
    subwords = Subwords.train(SPOKEN, vocab_size=32)
    sizes = TransducerConfig(vocabulary=32, channels=(3, 5), hidden=48, layers=2, embedding=8, joint=12)
    path, _ = random_checkpoint(folder, sizes=sizes)
    saved = checkpoint.load(path)
    facts = {**saved.facts, "subwords": subwords.to_bytes().hex(), "pieces": subwords.pieces}
    checkpoint.save(path, replace(saved, facts=facts))
    return path


def random_model(folder: Path, codec: Codec | None = None, seed: int = 0) -> tuple[Path, Transducer]:
    """A packed model in ``folder`` and the network it was packed from."""
    source, network = random_checkpoint(folder, seed)
    target = folder / "tiny.stapes"
    pack(source, target, codec)
    return target, network


def random_integer_model(folder: Path, codec: Codec | None = None, seed: int = 0) -> Path:
    """A packed model in ``folder`` that can be run in integers, with ranges measured on noise."""
    source, network = random_checkpoint(folder, seed)
    pack(source, folder / "tiny.stapes")
    packed = packed_format.read(folder / "tiny.stapes")
    noise = np.random.default_rng(seed).normal(0, 0.1, 32000).astype(np.float32)
    ranges = measure_ranges(network, [Fbank()(noise)])
    exact = join_head({name: tensor.numpy() for name, tensor in network.state_dict().items()}, used=True)
    tensors = {
        name: (tensor, (codec or Uniform()) if tensor.ndim > 1 else Float32())
        for name, tensor in fold(exact, ranges).items()
    }
    target = folder / "tiny-integer.stapes"
    packed_format.write(target, {**packed.metadata, "integer": integer_metadata(ranges)}, tensors)
    return target


def hear(network: Any, chunks: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The encoder frames of a whole recording that comes in ``chunks``."""
    state, parts = network.init_state(), []
    for chunk in chunks:
        frames, state = network.accept(chunk, state)
        parts.append(frames)
    parts.append(network.flush(state)[0])
    return np.concatenate(parts)
