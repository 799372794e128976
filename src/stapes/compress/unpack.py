"""From a packed model back to a checkpoint, to go on training from."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from stapes import config, format
from stapes.compress.ctc_head import split_head
from stapes.compress.folding import unfold
from stapes.errors import FormatError
from stapes.model import Transducer
from stapes.train import checkpoint
from stapes.train.recipe import Recipe


def unpack(source: Path, target: Path) -> None:
    """Write the network of a packed model as a checkpoint, for ``stapes train --start-from``.

    Weights are those of the packed model, rounded as they are. A CTC head that was left out begins with zeros.

    Args:
        source: a packed model.
        target: the checkpoint to write.

    Raises:
        FormatError: ``source`` is no packed model, or does not tell recipe and subwords of its training.
        ConfigError: the recipe stored in it is not one of this version.
    """
    model = format.read(source)
    training: dict[str, Any] = model.metadata.get("training", {})
    if not {"recipe", "subwords", "step"} <= training.keys():
        raise FormatError(
            f"{source}: does not tell recipe, subwords and step of its training; a model that stapes pack or stapes "
            "compress wrote is expected"
        )
    recipe = config.build(Recipe, training["recipe"], f"{source}: recipe")
    network = Transducer(recipe.network)
    ranges = model.metadata.get("integer", {}).get("ranges")
    tensors = {name: np.asarray(tensor) for name, tensor in model.tensors.items()}
    weights = split_head(tensors if ranges is None else unfold(tensors, ranges))
    state = {
        name: torch.tensor(weights[name]) if name in weights else torch.zeros_like(tensor)
        for name, tensor in network.state_dict().items()
    }
    facts = {
        "recipe": training["recipe"],
        "subwords": training["subwords"],
        "pieces": model.metadata["network"]["vocabulary"],
        "best": None,
    }
    checkpoint.save(target, checkpoint.Checkpoint(training["step"], state, {}, {}, facts))
