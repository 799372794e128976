"""Fitting an end-pointer: a table of how sentences end, and a small recurrent network over what is observed.

Shapes: X examples, F features of a text, B buckets or batch, T frames, S scalars, J joint width, C components,
P projected dimensions, D = S + P inputs, K hidden units, M members.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Array = NDArray[np.float32]
Run = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
"""Does a work on each of some items and gives the results in order, as ``map`` does; perhaps in several processes."""

# Adagrad (Duchi et al., 2011) over all examples at once.
_TABLE_STEPS = 80
_TABLE_DECAY = 3.0

_LEAST_VARIANCE = 1e-6
_LENGTH_SPREAD_FRAMES = 15
# The learning rate needs some steps to rise.
_LEAST_STEPS = 20
# Where the user speaks nothing is decided.
_TALKING_WEIGHT = 0.15


@dataclass(frozen=True)
class EndpointTraining:
    """How the network is fitted.

    Args:
        components: C, principal ones of the encoder frames; only they are looked at.
        projected: P, dimensions that are made of them by each member.
        hidden: K, units of each member.
        members: M, networks whose mean log-odds are taken; they differ by what is drawn.
        epochs: passes over the streams.
        batch: streams.
        rate: greatest learning rate, of AdamW with one cycle.
        decay: of the weights.
        early_weight: how much more a frame before the end counts than one after it.
        jitter: of the inputs in training, in standard deviations.
        dropout: of inputs and hidden units in training.
        seed: of all that is drawn.
    """

    components: int = 48
    projected: int = 8
    hidden: int = 32
    members: int = 3
    epochs: int = 24
    batch: int = 128
    rate: float = 7e-3
    decay: float = 1e-2
    early_weight: float = 2.0
    jitter: float = 0.3
    dropout: float = 0.15
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Observed:
    """What an end-pointer observed in one stream.

    Args:
        inputs: [T, S + J].
        since_end_s: [T] seconds since the user has finished, negative before.
        spoken: [T] whether there is a word.
        hushed: [T] whether the user is hushed, or says no word, for some frames.
    """

    inputs: Array
    since_end_s: Array
    spoken: NDArray[np.bool_]
    hushed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fitted:
    """The network, of M members side by side; the names are those of `stapes.decode.EndpointTables`.

    P, D and K are those of all members together.

    Args:
        projection: [P, J].
        mean: [D].
        scale: [D].
        input_weight: [3 K, D].
        input_bias: [3 K].
        recurrent_weight: [3 K, K].
        recurrent_bias: [3 K].
        output_weight: [K].
        output_bias: [1].
    """

    projection: Array
    mean: Array
    scale: Array
    input_weight: Array
    input_bias: Array
    recurrent_weight: Array
    recurrent_bias: Array
    output_weight: Array
    output_bias: Array


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


def fit_endpointer(
    streams: Sequence[Observed], scalars: int, config: EndpointTraining, run: Run = map
) -> Fitted:
    """Fit the probability that the user has finished to ``streams``.

    Args:
        streams: at least one batch.
        scalars: S, how many of the inputs are no encoder frames.
        config: how.
        run: trains the members.
    """
    whitening = _whiten(streams, scalars, config.components)
    trainer = _Trainer([_whitened(stream, whitening, config) for stream in streams], scalars, config)
    everything = tuple(range(len(streams)))
    trained = run(trainer, [_Job(everything, (), seed) for seed in _seeds(config)])
    return _side_by_side([_export(weights, whitening, scalars) for weights, _ in trained], scalars)


def out_of_fold(
    streams: Sequence[Observed],
    groups: Sequence[int],
    scalars: int,
    config: EndpointTraining,
    folds: int,
    run: Run = map,
) -> list[NDArray[np.float64]]:
    """The probability at each frame of each of ``streams``, fitted on those of the other ``folds``.

    Streams of the same one of ``groups``, a number from 0 for each stream, are in the same fold.
    """
    whitening = _whiten(streams, scalars, config.components)
    trainer = _Trainer([_whitened(stream, whitening, config) for stream in streams], scalars, config)
    jobs = []
    for fold in range(folds):
        left_out = tuple(index for index, group in enumerate(groups) if group % folds == fold)
        learned = tuple(index for index, group in enumerate(groups) if group % folds != fold)
        jobs += [_Job(learned, left_out, seed) for seed in _seeds(config)]
    log_odds: list[list[Array]] = [[] for _ in streams]
    for job, (_, told) in zip(jobs, run(trainer, jobs), strict=True):
        for index, each in zip(job.left_out, told, strict=True):
            log_odds[index].append(each)
    return [1 / (1 + np.exp(-np.mean(members, axis=0, dtype=np.float64))) for members in log_odds]


@dataclass(frozen=True, eq=False)
class _Whitening:
    """Makes inputs of zero mean and unit variance of what was observed: (observed - mean) times matrix.

    Args:
        mean: [S + J].
        scale: [S] of the scalars.
        components: [J, C] of the encoder frames.
    """

    mean: Array
    scale: Array
    components: Array


def _whiten(streams: Sequence[Observed], scalars: int, count: int) -> _Whitening:
    # Every fourth frame is enough to tell how they lie.
    observed = np.concatenate([stream.inputs[::4] for stream in streams])
    mean = observed.mean(axis=0)
    frames = observed[:, scalars:] - mean[scalars:]
    values, vectors = np.linalg.eigh(frames.T @ frames / len(frames))
    largest = slice(None, -count - 1, -1)
    components = vectors[:, largest] / np.sqrt(np.maximum(values[largest], _LEAST_VARIANCE))
    return _Whitening(mean, 1 / (observed[:, :scalars].std(axis=0) + 1e-3), components.astype(np.float32))


@dataclass(frozen=True, eq=False)
class _Stream:
    """A stream as it is trained on: [T, S + C] inputs, [T] seconds since the end, [T] how much a frame counts."""

    inputs: Tensor
    since_end_s: Tensor
    weights: Tensor


def _whitened(
    stream: Observed, whitening: _Whitening, config: EndpointTraining
) -> tuple[Array, Array, Array]:
    """The fields of its `_Stream`."""
    centred = stream.inputs - whitening.mean
    scalars = len(whitening.scale)
    inputs = np.concatenate(
        [centred[:, :scalars] * whitening.scale, centred[:, scalars:] @ whitening.components], axis=1
    )
    before = config.early_weight * np.where(stream.hushed, 1.0, _TALKING_WEIGHT)
    weights = np.where(stream.since_end_s > 0, 1.0, before) * stream.spoken
    return inputs.astype(np.float32), stream.since_end_s.astype(np.float32), weights.astype(np.float32)


class _Net(nn.Module):
    """A GRU over scalars and a projection of encoder frames; gives log-odds."""

    def __init__(self, scalars: int, config: EndpointTraining, components: int) -> None:
        super().__init__()
        self.scalars, self.dropout = scalars, config.dropout
        self.projection = nn.Linear(components, config.projected, bias=False)
        self.gru = nn.GRU(scalars + config.projected, config.hidden, batch_first=True)
        self.output = nn.Linear(config.hidden, 1)

    def forward(self, inputs: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """[B, T] of [B, T, S + C]; ``generator`` draws what is dropped in training."""
        scalars, frames = inputs[..., : self.scalars], inputs[..., self.scalars :]
        seen = self._drop(torch.cat([scalars, self.projection(frames)], dim=-1), generator)
        log_odds: Tensor = self.output(self._drop(self.gru(seen)[0], generator))[..., 0]
        return log_odds

    def _drop(self, values: Tensor, generator: torch.Generator | None) -> Tensor:
        if generator is None:
            return values
        kept = torch.rand(values.shape, generator=generator) >= self.dropout
        return values * kept / (1 - self.dropout)


def _seeds(config: EndpointTraining) -> range:
    """Of the members."""
    return range(config.seed * config.members, (config.seed + 1) * config.members)


@dataclass(frozen=True)
class _Job:
    """A member to train: on which streams, on which to be tried, and the seed of what is drawn."""

    learned: tuple[int, ...]
    left_out: tuple[int, ...]
    seed: int


@dataclass(frozen=True, eq=False)
class _Trainer:
    """Trains members, on one thread each: their steps are too small to be shared.

    It may be sent to another process, which thousands of tensors may not.

    Args:
        streams: fields of a `_Stream` each.
        scalars: S.
        config: how.
    """

    streams: Sequence[tuple[Array, Array, Array]]
    scalars: int
    config: EndpointTraining

    def __call__(self, job: _Job) -> tuple[dict[str, Array], list[Array]]:
        """The weights of the member, and its log-odds [T] in each stream that it has not learned from."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            net = _train(self._tensors(job.learned), self.scalars, replace(self.config, seed=job.seed))
            with torch.no_grad():
                told = [net(stream.inputs[None])[0].numpy() for stream in self._tensors(job.left_out)]
        finally:
            torch.set_num_threads(threads)
        return {name: tensor.numpy() for name, tensor in net.state_dict().items()}, told

    def _tensors(self, indices: Sequence[int]) -> list[_Stream]:
        return [_Stream(*map(torch.from_numpy, self.streams[index])) for index in indices]


def _train(streams: Sequence[_Stream], scalars: int, config: EndpointTraining) -> _Net:
    generator = torch.Generator().manual_seed(config.seed)
    net = _Net(scalars, config, streams[0].inputs.shape[1] - scalars)
    _initialise(net, generator)
    optimiser = torch.optim.AdamW(net.parameters(), config.rate, weight_decay=config.decay)
    steps = config.epochs * math.ceil(len(streams) / config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.rate, total_steps=max(steps, _LEAST_STEPS) + 1, pct_start=0.1
    )
    for step in range(steps):
        batch = _pad([streams[index] for index in _draw(streams, step, config)])
        noise = config.jitter * torch.randn(batch.inputs.shape, generator=generator)
        loss = _cross_entropy(net(batch.inputs + noise, generator), batch)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return net


def _initialise(net: _Net, generator: torch.Generator) -> None:
    bound = net.output.weight.shape[1] ** -0.5
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.uniform_(-bound, bound, generator=generator)


def _draw(streams: Sequence[_Stream], step: int, config: EndpointTraining) -> list[int]:
    """Which streams make the batch of ``step``: each once an epoch, those about as long together."""
    batches = math.ceil(len(streams) / config.batch)
    rng = np.random.default_rng((config.seed, step // batches))
    lengths = np.array([len(stream.inputs) for stream in streams])
    order = (lengths + _LENGTH_SPREAD_FRAMES * rng.standard_normal(len(streams))).argsort()
    places = rng.permutation(batches)
    chosen: list[int] = np.array_split(order, batches)[places[step % batches]].tolist()
    return chosen


def _pad(streams: Sequence[_Stream]) -> _Stream:
    """A batch; what is added counts nothing."""
    parts = zip(*((each.inputs, each.since_end_s, each.weights) for each in streams), strict=True)
    return _Stream(*(nn.utils.rnn.pad_sequence(list(part), batch_first=True) for part in parts))


def _cross_entropy(log_odds: Tensor, batch: _Stream) -> Tensor:
    targets = (batch.since_end_s > 0).float()
    losses = functional.binary_cross_entropy_with_logits(log_odds, targets, batch.weights, reduction="sum")
    return losses / batch.weights.sum().clamp(min=1.0)


def _export(weights: dict[str, Array], whitening: _Whitening, scalars: int) -> Fitted:
    """The network over what is observed: whitening and projection of encoder frames become one matrix."""
    projection = weights["projection.weight"] @ whitening.components.T
    ones = np.ones(len(projection), np.float32)
    return Fitted(
        projection,
        np.concatenate([whitening.mean[:scalars], projection @ whitening.mean[scalars:]]),
        np.concatenate([whitening.scale, ones]),
        weights["gru.weight_ih_l0"],
        weights["gru.bias_ih_l0"],
        weights["gru.weight_hh_l0"],
        weights["gru.bias_hh_l0"],
        weights["output.weight"][0],
        weights["output.bias"],
    )


def _side_by_side(members: Sequence[Fitted], scalars: int) -> Fitted:
    """One network whose log-odds are the mean of those of ``members``, which do not see one another."""
    count = len(members)

    def of_gates(parts: Sequence[Array]) -> Array:
        return np.concatenate([np.split(part, 3)[gate] for gate in range(3) for part in parts])

    def alone(parts: Sequence[Array]) -> list[Array]:
        """Each of ``parts`` [N, n] in its own columns of [N, M n]."""
        rows = np.eye(count, dtype=np.float32)
        return [np.kron(row, part) for row, part in zip(rows, parts, strict=True)]

    shared = [member.input_weight[:, :scalars] for member in members]
    own = alone([member.input_weight[:, scalars:] for member in members])
    ends = [slice(None), *[slice(scalars, None)] * (count - 1)]
    return Fitted(
        np.concatenate([member.projection for member in members]),
        np.concatenate([member.mean[end] for member, end in zip(members, ends, strict=True)]),
        np.concatenate([member.scale[end] for member, end in zip(members, ends, strict=True)]),
        of_gates([np.concatenate(pair, axis=1) for pair in zip(shared, own, strict=True)]),
        of_gates([member.input_bias for member in members]),
        of_gates(alone([member.recurrent_weight for member in members])),
        of_gates([member.recurrent_bias for member in members]),
        np.concatenate([member.output_weight for member in members]) * np.float32(1 / count),
        np.mean([member.output_bias for member in members], axis=0),
    )
