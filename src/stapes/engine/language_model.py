"""The n-gram language model in a packed model, as ``spec/ngram.md`` describes it, checked once.

Letters: V vocabulary, K n-grams of one order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes.engine.optional import read_optional
from stapes.errors import ConfigError, FormatError

KIND = "ngram"
MAX_ORDER = 6
_WHERE = "packed model: language model"

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class LanguageModelSettings:
    """The metadata ``language_model``.

    Args:
        kind: always ``ngram``.
        order: labels of the longest n-gram, 2 to 6.
        scale: factor of its log-probabilities, 0 to 10.
        reward: in nats for each label, -10 to 10.
        internal_scale: factor of what the network itself expects, which is taken off, 0 to 10.
    """

    kind: str
    order: int
    scale: float
    reward: float
    internal_scale: float = 0.0

    def __post_init__(self) -> None:
        if self.kind != KIND:
            raise ConfigError(f"kind: '{KIND}' is expected, got '{self.kind}'")
        if not 2 <= self.order <= MAX_ORDER:
            raise ConfigError(f"order: 2 to {MAX_ORDER} is expected, got {self.order}")
        if not 0 <= self.scale <= 10:
            raise ConfigError(f"scale: 0 to 10 is expected, got {self.scale}")
        if not -10 <= self.reward <= 10:
            raise ConfigError(f"reward: -10 to 10 is expected, got {self.reward}")
        if not 0 <= self.internal_scale <= 10:
            raise ConfigError(f"internal_scale: 0 to 10 is expected, got {self.internal_scale}")


@dataclass(frozen=True)
class LanguageModel:
    """An n-gram model over labels, its orders one after another, each sorted by its labels.

    Attributes:
        children: for each order but the highest, [K] how many n-grams of the next order begin with this one.
        labels: for each order, [K] last label of each n-gram; the first order holds all V labels in turn.
        log_probs: for each order, [K] natural log-probability of that label after the ones before it.
        backoffs: for each order but the highest, [K] natural log weight of shorter contexts after this n-gram.
        scale: factor of the log-probabilities.
        reward: in nats for each label.
        internal_scale: factor of what the network itself expects, which is taken off.
    """

    children: tuple[NDArray[np.int64], ...]
    labels: tuple[NDArray[np.int64], ...]
    log_probs: tuple[NDArray[np.float32], ...]
    backoffs: tuple[NDArray[np.float32], ...]
    scale: float
    reward: float
    internal_scale: float


def read_language_model(
    metadata: Mapping[str, Any], tensors: Tensors, vocabulary: int
) -> LanguageModel | None:
    """The language model of a packed model over ``vocabulary`` labels; None where it has none.

    Raises:
        FormatError: its settings or tables are wrong.
    """
    settings = read_optional(metadata, "language_model", LanguageModelSettings)
    if settings is None:
        return None
    contexts = range(1, settings.order)
    labels = tuple(_whole(tensors, f"ngram.{n}.labels") for n in (*contexts, settings.order))
    children = tuple(_whole(tensors, f"ngram.{n}.children") for n in contexts)
    _check(labels, children, vocabulary)
    return LanguageModel(
        children,
        labels,
        tuple(_scores(tensors, f"ngram.{n}.log_probs", labels) for n in (*contexts, settings.order)),
        tuple(_scores(tensors, f"ngram.{n}.backoffs", labels) for n in contexts),
        settings.scale,
        settings.reward,
        settings.internal_scale,
    )


def _whole(tensors: Tensors, name: str) -> NDArray[np.int64]:
    array = _vector(tensors, name)
    if (array < 0).any() or (array != np.rint(array)).any():
        raise FormatError(f"{_WHERE}: tensor '{name}': whole numbers from 0 up are expected")
    return array.astype(np.int64)


def _scores(tensors: Tensors, name: str, labels: tuple[NDArray[np.int64], ...]) -> NDArray[np.float32]:
    array = _vector(tensors, name)
    count = len(labels[int(name.split(".")[1]) - 1])
    if len(array) != count:
        raise FormatError(f"{_WHERE}: tensor '{name}': {count} scores are expected, got {len(array)}")
    return array


def _vector(tensors: Tensors, name: str) -> NDArray[np.float32]:
    array = tensors.get(name)
    if array is None or array.ndim != 2 or len(array) != 1:
        shape = "none" if array is None else f"shape {list(array.shape)}"
        raise FormatError(f"{_WHERE}: tensor '{name}': one row of numbers is expected, got {shape}")
    row: NDArray[np.float32] = array[0]
    return row


def _check(
    labels: tuple[NDArray[np.int64], ...], children: tuple[NDArray[np.int64], ...], vocabulary: int
) -> None:
    """Refuse tables that are no tree with rising labels below every n-gram."""
    if not np.array_equal(labels[0], np.arange(vocabulary)):
        raise FormatError(f"{_WHERE}: order 1: the labels 0 to {vocabulary - 1} in turn are expected")
    for n, (counts, shorter, longer) in enumerate(zip(children, labels, labels[1:], strict=False), 2):
        if len(counts) != len(shorter) or counts.sum() != len(longer):
            raise FormatError(f"{_WHERE}: order {n}: {counts.sum()} n-grams are announced, got {len(longer)}")
        if (longer >= vocabulary).any():
            raise FormatError(f"{_WHERE}: order {n}: labels up to {vocabulary - 1} are expected")
        first = np.zeros(len(longer), dtype=np.bool_)
        first[(np.cumsum(counts) - counts)[counts > 0]] = True
        if (np.diff(longer)[~first[1:]] <= 0).any():
            raise FormatError(f"{_WHERE}: order {n}: labels that rise below one n-gram are expected")
