"""Training: losses, batches, the loop, checkpoints and evaluation."""

from stapes.train.recipe import Recipe
from stapes.train.rnnt import transducer_loss
from stapes.train.start import train

__all__ = ["Recipe", "train", "transducer_loss"]
