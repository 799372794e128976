"""Training: losses, batches, the loop, checkpoints and evaluation."""

from stapes.train.averaging import average
from stapes.train.recipe import Recipe
from stapes.train.rnnt import transducer_loss
from stapes.train.start import train

__all__ = ["Recipe", "average", "train", "transducer_loss"]
