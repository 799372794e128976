"""The n-gram language model of a packed model: from sentences to tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stapes import config
from stapes.codec import Codec, Dense, Unsigned
from stapes.train.ngram import Order, estimate
from stapes.train.recipe import LanguageModelConfig

Tensors = dict[str, tuple[NDArray[np.float32], Codec]]

# Beyond these a score says no more, and would cost the others resolution.
_LOWEST_LOG_PROB = -16.0
_BACKOFF_RANGE = (-8.0, 2.0)


def language_model_tensors(
    sentences: Sequence[Sequence[int]], vocabulary: int, recipe: LanguageModelConfig
) -> Tensors:
    """The tables of ``spec/ngram.md`` for ``sentences`` of labels: whole numbers as they are, scores in 8 bits.

    Raises:
        ConfigError: there is no sentence, or a label is out of range.
    """
    orders = estimate(sentences, vocabulary, recipe.order, recipe.least_count, recipe.least_entropy)
    tensors: Tensors = {}
    for n, order in enumerate(orders, 1):
        tensors[f"ngram.{n}.labels"] = _numbers(order.labels[:, -1])
        tensors[f"ngram.{n}.log_probs"] = _scores(np.maximum(order.log_probs, _LOWEST_LOG_PROB))
        if n < len(orders):
            tensors[f"ngram.{n}.children"] = _numbers(_children(order, orders[n]))
            tensors[f"ngram.{n}.backoffs"] = _scores(np.clip(order.backoffs, *_BACKOFF_RANGE))
    return tensors


def language_model_metadata(recipe: LanguageModelConfig) -> Mapping[str, Any]:
    """What the packed model says about its language model."""
    settings = config.to_dict(recipe)
    return {
        "kind": "ngram",
        **{name: settings[name] for name in ("order", "scale", "reward", "internal_scale")},
    }


def _children(order: Order, longer: Order) -> NDArray[np.int64]:
    """[K] how many n-grams of ``longer`` begin with each of ``order``; both are sorted."""
    _, first, counts = np.unique(longer.labels[:, :-1], axis=0, return_index=True, return_counts=True)
    begins = {tuple(longer.labels[index, :-1]): count for index, count in zip(first, counts, strict=True)}
    return np.array([begins.get(tuple(labels), 0) for labels in order.labels])


def _numbers(values: NDArray[np.int64]) -> tuple[NDArray[np.float32], Codec]:
    return values.astype(np.float32)[np.newaxis], Unsigned(8 if values.max() < 256 else 16, coded=1)


def _scores(values: NDArray[np.float64]) -> tuple[NDArray[np.float32], Codec]:
    return values.astype(np.float32)[np.newaxis], Dense(8, coded=1)
