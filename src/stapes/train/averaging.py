"""Weights between those of two runs.

A network that was trained further often understands more, and what it was good at a little less; a mean of both
keeps most of either: Wortsman et al., "Robust fine-tuning of zero-shot models" (2022), arXiv 2109.01903.
"""

from pathlib import Path

from stapes.errors import TrainingError
from stapes.train import checkpoint
from stapes.train.growth import widened


def average(first: Path, second: Path, share: float, target: Path) -> None:
    """Write the checkpoint ``first`` with its averaged weights moved towards those of ``second``.

    Args:
        first: a checkpoint; its recipe, subwords and step are kept.
        second: one from whose weights the run of ``first`` began; it is widened as they were if it is narrower.
        share: of ``second`` in the mean, 0 to 1.
        target: the file to write.

    Raises:
        TrainingError: one of them is no checkpoint, or their networks have other sizes.
    """
    saved, other = checkpoint.load(first), checkpoint.load(second)
    mine = saved.averaged
    theirs = widened(other.averaged, len(mine["final_norm.weight"]), saved.facts["recipe"]["seed"])
    shapes = [{name: tensor.shape for name, tensor in weights.items()} for weights in (mine, theirs)]
    if shapes[0] != shapes[1]:
        raise TrainingError(
            f"{second}: its network has other sizes than that of {first}; the same are expected"
        )
    mean = {name: (1 - share) * mine[name].float() + share * theirs[name].float() for name in mine}
    checkpoint.save(target, checkpoint.Checkpoint(saved.step, mean, {}, {}, saved.facts))
