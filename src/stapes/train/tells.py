"""What of an encoder frame tells that the user has finished, found by a regression before a network is trained.

A recurrent network that begins with principal components of the frames finds little of it in a few streams.

Shapes: T frames, X examples, S scalars, J joint width, R = 2 tells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Array = NDArray[np.float32]

TELLS = 2
"""R: one for what is heard now, one for what was heard when the user last spoke."""

# How much of the two running means of encoder frames a frame makes up.
_NEW_SHARE, _NEW_SPOKEN_SHARE = np.float32(0.3), np.float32(0.2)
_DECAY = 1e-2
_STEPS = 50
# Frames in succession are much the same.
_EVERY = 3
_LEAST_SPREAD = np.float32(1e-2)


@dataclass(frozen=True, eq=False)
class Examples:
    """Frames of a stream at which something is to be decided.

    Args:
        inputs: [X, S + R J] scalars, the running mean of the encoder frames, and that of those that were spoken.
        is_end: [X] whether the user has finished.
    """

    inputs: Array
    is_end: NDArray[np.bool_]


def still_frames(
    observed: Array,
    scalars: int,
    is_end: NDArray[np.bool_],
    hushed: NDArray[np.bool_],
    decided: NDArray[np.bool_],
) -> Examples:
    """Examples of what was ``observed`` [T, S + J].

    Args:
        observed: scalars, then the encoder frame.
        scalars: S.
        is_end: [T] whether the user has finished.
        hushed: [T] whether the user is hushed; the mean of what was spoken stays as it is.
        decided: [T] whether something is to be decided.
    """
    chosen = np.flatnonzero(decided)[::_EVERY]
    means = _running_means(observed[:, scalars:], hushed)
    return Examples(np.concatenate([observed[chosen, :scalars], means[chosen]], axis=1), is_end[chosen])


def _running_means(frames: Array, hushed: NDArray[np.bool_]) -> Array:
    """[T, R J] of ``frames`` [T, J]."""
    means = np.zeros((len(frames), TELLS, frames.shape[1]), np.float32)
    now = np.zeros(means.shape[1:], np.float32)
    for at, frame in enumerate(frames):
        now[0] += _NEW_SHARE * (frame - now[0])
        if not hushed[at]:
            now[1] += _NEW_SPOKEN_SHARE * (frame - now[1])
        means[at] = now
    return means.reshape(len(frames), -1)


def find_tells(examples: Sequence[Examples], scalars: int, early_weight: float) -> Array:
    """[R, J] directions of encoder frames; zeros where no example is an end, or all are.

    Logistic regression looks at running means and at the scalars. The running mean of projected frames is the
    projection of their running mean, and a recurrent network can take that.

    Args:
        examples: of at least one stream.
        scalars: S.
        early_weight: how much more an example before the end counts.
    """
    inputs = np.concatenate([each.inputs for each in examples])
    is_end = np.concatenate([each.is_end for each in examples])
    joint = (inputs.shape[1] - scalars) // TELLS
    if not 0 < is_end.sum() < len(is_end):
        return np.zeros((TELLS, joint), np.float32)
    spread = inputs.std(axis=0) + _LEAST_SPREAD
    counts = np.where(is_end, 1, early_weight)
    weights = _logistic(
        *(
            torch.from_numpy(each.astype(np.float32))
            for each in ((inputs - inputs.mean(axis=0)) / spread, is_end, counts / counts.mean())
        )
    )
    found: Array = (weights / spread)[scalars:].reshape(TELLS, joint)
    return found


def _logistic(inputs: Tensor, targets: Tensor, counts: Tensor) -> Array:
    """Weights [n] of ``inputs`` [X, n] for ``targets`` [X], of which each counts ``counts`` [X]."""
    weights, bias = torch.zeros(inputs.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        log_odds = inputs @ weights + bias
        total: Tensor = functional.binary_cross_entropy_with_logits(log_odds, targets, counts)
        total = total + _DECAY * weights.square().sum()
        torch.autograd.backward(total)
        return total

    minimise: Callable[[Callable[[], Tensor]], Tensor] = optimiser.step
    minimise(loss)
    found: Array = weights.detach().numpy()
    return found
