"""Fitting an end-pointer: a table of how sentences end, and a small network over what is observed frame by frame.

Shapes: X examples, F features of a text, B buckets, T frames, D inputs, P projected dimensions, J joint width,
K hidden units.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

Array = NDArray[np.float32]

# Adagrad (Duchi et al., 2011) over all examples at once.
_TABLE_STEPS = 80
_TABLE_DECAY = 3.0


@dataclass(frozen=True)
class EndpointTraining:
    """How the network is fitted.

    Args:
        projected: P, dimensions kept of an encoder frame.
        hidden: K.
        steps: of Adam over batches of ``batch`` frames.
        batch: frames.
        decay: of the weights.
        early_weight: how much more a frame before the end counts than one after it.
        jitter: of the inputs in training, in standard deviations.
        seed: of all that is drawn.
    """

    projected: int = 8
    hidden: int = 16
    steps: int = 600
    batch: int = 1024
    decay: float = 1e-3
    early_weight: float = 2.0
    jitter: float = 0.5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Observed:
    """What an end-pointer observed in one stream.

    Args:
        inputs: [T, S + 2 J].
        end_frame: the first frame after the user has finished.
    """

    inputs: Array
    end_frame: int


@dataclass(frozen=True, eq=False)
class Fitted:
    """The network; the names are those of `stapes.decode.EndpointModel`.

    Args:
        projection: [P, J].
        mean: [D].
        scale: [D].
        hidden_weight: [K, D].
        hidden_bias: [K].
        output_weight: [K].
        output_bias: [1].
    """

    projection: Array
    mean: Array
    scale: Array
    hidden_weight: Array
    hidden_bias: Array
    output_weight: Array
    output_bias: Array

    def probabilities(self, observed: Array, scalars: int) -> NDArray[np.float64]:
        """[X] of ``observed`` [X, S + 2 J]."""
        inputs = (project(observed, scalars, self.projection) - self.mean) * self.scale
        hidden = np.tanh(inputs @ self.hidden_weight.T + self.hidden_bias)
        log_odds = (hidden @ self.output_weight + self.output_bias).astype(np.float64)
        return 1 / (1 + np.exp(-log_odds))


def fit_completeness(
    features: NDArray[np.int64], is_end: NDArray[np.bool_], buckets: int
) -> tuple[Array, float]:
    """Weights [B] and bias of the log-odds that a text is finished.

    Args:
        features: [X, F] buckets of the features of each beginning of each text.
        is_end: [X] whether it is the whole text.
        buckets: B.
    """
    weights, bias = np.zeros(buckets), float(np.log(is_end.mean() / (1 - is_end.mean())))
    squares = np.full(buckets, 1e-6)
    for _ in range(_TABLE_STEPS):
        log_odds = weights[features].sum(axis=1) + bias
        error = 1 / (1 + np.exp(-log_odds)) - is_end
        each = np.broadcast_to(error[:, None], features.shape)
        gradient = np.bincount(features.ravel(), each.ravel(), buckets) + _TABLE_DECAY * weights
        squares += gradient**2
        weights -= gradient / np.sqrt(squares)
        bias -= 2 * float(error.mean())
    return weights.astype(np.float32), bias


def fit_endpointer(streams: Sequence[Observed], scalars: int, config: EndpointTraining) -> Fitted:
    """Fit the probability that the user has finished to every frame of ``streams``.

    Args:
        streams: at least one.
        scalars: S, how many of the inputs are no encoder frames.
        config: how.
    """
    observed = np.concatenate([stream.inputs for stream in streams])
    projection = _principal(observed[:, scalars:].reshape(2 * len(observed), -1), config.projected)
    inputs = project(observed, scalars, projection)
    mean, scale = inputs.mean(axis=0), 1 / (inputs.std(axis=0) + 1e-3)
    targets = np.concatenate([np.arange(len(s.inputs)) >= s.end_frame for s in streams])
    hidden, output = _train(torch.from_numpy((inputs - mean) * scale), torch.from_numpy(targets), config)
    return Fitted(
        projection,
        mean,
        scale,
        *(tensor.detach().numpy() for tensor in (hidden.weight, hidden.bias, output.weight[0], output.bias)),
    )


def out_of_fold(
    streams: Sequence[Observed], scalars: int, config: EndpointTraining, folds: int
) -> list[NDArray[np.float64]]:
    """The probability at each frame of each of ``streams``, fitted on those of the other ``folds``."""
    found: list[NDArray[np.float64]] = [np.zeros(0)] * len(streams)
    for fold in range(folds):
        others = [stream for index, stream in enumerate(streams) if index % folds != fold]
        fitted = fit_endpointer(others, scalars, config)
        for index in range(fold, len(streams), folds):
            found[index] = fitted.probabilities(streams[index].inputs, scalars)
    return found


def log_loss(streams: Sequence[Observed], found: Sequence[NDArray[np.float64]]) -> float:
    """Mean cross-entropy, in nats a frame, of the probabilities ``found`` at each frame of each of ``streams``."""
    losses = []
    for stream, probabilities in zip(streams, found, strict=True):
        right = np.where(np.arange(len(probabilities)) >= stream.end_frame, probabilities, 1 - probabilities)
        losses.append(-np.log(np.maximum(right, 1e-6)))
    return float(np.concatenate(losses).mean())


def project(observed: Array, scalars: int, projection: Array) -> Array:
    """[X, S + 2 P] of [X, S + 2 J]: both encoder frames multiplied with ``projection`` [P, J]."""
    frames = observed[:, scalars:].reshape(len(observed), 2, -1) @ projection.T
    return np.concatenate([observed[:, :scalars], frames.reshape(len(observed), -1)], axis=1)


def _principal(frames: Array, count: int) -> Array:
    """The first ``count`` principal directions of ``frames``."""
    centred = frames - frames.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(vectors[:, ::-1][:, :count].T.astype(np.float32))


def _train(
    inputs: torch.Tensor, targets: torch.Tensor, config: EndpointTraining
) -> tuple[torch.nn.Linear, torch.nn.Linear]:
    """The hidden and the output layer."""
    generator = torch.Generator().manual_seed(config.seed)
    hidden, output = torch.nn.Linear(inputs.shape[1], config.hidden), torch.nn.Linear(config.hidden, 1)
    parameters = [*hidden.parameters(), *output.parameters()]
    with torch.no_grad():
        for parameter in parameters:
            bound = parameter.shape[-1] ** -0.5
            parameter.uniform_(-bound, bound, generator=generator)
    weights = 1 + (config.early_weight - 1) * (~targets).float()
    optimiser = torch.optim.AdamW(parameters, 3e-3, weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    for _ in range(config.steps):
        batch = torch.randint(len(inputs), (config.batch,), generator=generator)
        jitter = config.jitter * torch.randn((config.batch, inputs.shape[1]), generator=generator)
        log_odds = output(torch.tanh(hidden(inputs[batch] + jitter)))[:, 0]
        loss = functional.binary_cross_entropy_with_logits(log_odds, targets[batch].float(), weights[batch])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return hidden, output
