"""Weights between those of two runs.

A network that was trained further often understands more, and what it was good at a little less; a mean of both
keeps most of either: Wortsman et al., "Robust fine-tuning of zero-shot models" (2022), arXiv 2109.01903.
"""

from pathlib import Path

from stapes.errors import TrainingError
from stapes.train import checkpoint


def average(first: Path, second: Path, share: float, target: Path) -> None:
    """Write the checkpoint ``first`` with its averaged weights moved towards those of ``second``.

    Args:
        first: a checkpoint; its recipe, subwords and step are kept.
        second: one of a network of the same sizes, from whose weights the run of ``first`` began.
        share: of ``second`` in the mean, 0 to 1.
        target: the file to write.

    Raises:
        TrainingError: one of them is no checkpoint, or their networks have other sizes.
    """
    saved, other = checkpoint.load(first), checkpoint.load(second)
    mine, theirs = saved.averaged, other.averaged
    shapes = [{name: tensor.shape for name, tensor in weights.items()} for weights in (mine, theirs)]
    if shapes[0] != shapes[1]:
        raise TrainingError(
            f"{second}: its network has other sizes than that of {first}; the same are expected"
        )
    mean = {name: (1 - share) * mine[name].float() + share * theirs[name].float() for name in mine}
    checkpoint.save(target, checkpoint.Checkpoint(saved.step, mean, {}, {}, saved.facts))
