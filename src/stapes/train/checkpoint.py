"""Checkpoints: one safetensors file that holds all a run needs to go on bit-identically where it stopped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import safetensors
import safetensors.torch
import torch
from torch import Tensor
from torch.nn import Parameter

from stapes.errors import TrainingError

WEIGHTS, AVERAGE, OPTIMISER = "weights.", "average.", "optimiser."


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after ``step`` updates.

    Args:
        step: updates done.
        weights: the network being trained, by parameter and buffer name.
        average: its exponential moving average.
        optimiser: the optimiser's state, as ``name/quantity``.
        facts: JSON facts that go with it (recipe, subword model in hexadecimal, best development score).
    """

    step: int
    weights: Mapping[str, Tensor]
    average: Mapping[str, Tensor]
    optimiser: Mapping[str, Tensor]
    facts: Mapping[str, Any]

    @property
    def averaged(self) -> Mapping[str, Tensor]:
        """The average, which is what is evaluated and packed; the weights where there is none."""
        return self.average or self.weights


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write ``checkpoint`` to ``path``, whole or not at all."""
    tensors = {}
    for prefix, group in (
        (WEIGHTS, checkpoint.weights),
        (AVERAGE, checkpoint.average),
        (OPTIMISER, checkpoint.optimiser),
    ):
        tensors.update({prefix + name: tensor.detach().cpu().contiguous() for name, tensor in group.items()})
    metadata = {"step": str(checkpoint.step), "facts": json.dumps(checkpoint.facts)}
    partial = path.with_name(path.name + ".partial")
    safetensors.torch.save_file(tensors, partial, metadata)
    partial.replace(path)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        TrainingError: the file is missing or no checkpoint of stapes.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 – no mapping
        step, facts = int(metadata["step"]), json.loads(metadata["facts"])
    except FileNotFoundError:
        raise TrainingError(f"{path}: no such file; a checkpoint of stapes train is expected") from None
    except (OSError, safetensors.SafetensorError, TypeError, KeyError, ValueError) as error:
        raise TrainingError(f"{path}: not a checkpoint of stapes train ({error})") from None
    weights, average, optimiser = (_group(tensors, prefix) for prefix in (WEIGHTS, AVERAGE, OPTIMISER))
    return Checkpoint(step, weights, average, optimiser, facts)


def _group(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def optimiser_states(
    optimisers: Sequence[torch.optim.Optimizer], names: Mapping[Parameter, str]
) -> dict[str, Tensor]:
    """The tensors of optimisers that share the parameters out among them, as ``name/quantity``."""
    return {
        f"{names[parameter]}/{quantity}": value
        for optimiser in optimisers
        for parameter, state in cast("dict[Parameter, dict[str, Tensor]]", optimiser.state).items()
        for quantity, value in state.items()
    }


def restore_optimisers(
    optimisers: Sequence[torch.optim.Optimizer],
    names: Mapping[Parameter, str],
    tensors: Mapping[str, Tensor],
) -> None:
    """Put back what ``optimiser_states`` gave."""
    owners = {
        names[parameter]: (optimiser, parameter)
        for optimiser in optimisers
        for group in optimiser.param_groups
        for parameter in group["params"]
    }
    for key, value in tensors.items():
        name, quantity = key.split("/")
        optimiser, parameter = owners[name]
        # Adam counts its steps on the processor; moments live beside the parameter.
        optimiser.state[parameter][quantity] = (
            value.clone() if quantity == "step" else value.to(parameter.device)
        )
