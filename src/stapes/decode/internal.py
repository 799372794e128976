"""The internal language model of a transducer, taken off before another language model is added.

A transducer learns the texts it was trained on along with their sound. What it expects of the next label without
hearing anything is estimated by its joint with the encoder's part left out, and taken off by a factor (Meng et al.,
"Internal language model estimation for domain-adaptive end-to-end speech recognition", 2021, arXiv 2011.01991).

Shapes: V vocabulary.
"""

import numpy as np
from numpy.typing import NDArray

from stapes.decode.scorer import BLANK, INITIAL_CONTEXT, Context, Scorer, require_at_least

# What training never said after a context is not worth more than this, in nats.
_LOWEST_LOG_PROB = -12.0


class InternalLanguageModel:
    """Minus ``scale`` times what the model itself expects; a `stapes.decode.Expectation`.

    Args:
        scorer: the model, with a predictor over the last two labels.
        scale: at least 0.

    Raises:
        ConfigError: ``scale`` is out of range.
    """

    def __init__(self, scorer: Scorer, scale: float) -> None:
        require_at_least("scale of the internal language model", scale, 0)
        self._scorer = scorer
        self._scale = scale

    def start(self) -> Context:
        """The context of a beginning."""
        return INITIAL_CONTEXT

    def scores(self, state: Context) -> NDArray[np.float32]:
        """[V] what is taken off each label after ``state``."""
        prediction = self._scorer.predict(np.array([state], dtype=np.int64))
        unheard = np.zeros(prediction.shape[1], dtype=np.float32)
        log_probs = self._scorer.join(unheard, prediction)[0].astype(np.float64)
        labels = np.delete(log_probs, BLANK)
        log_probs -= labels.max() + np.log(np.exp(labels - labels.max()).sum())
        taken_off: NDArray[np.float32] = (-self._scale * np.maximum(log_probs, _LOWEST_LOG_PROB)).astype("f4")
        return taken_off

    def step(self, state: Context, label: int) -> Context:
        """The context after ``label``."""
        return state[1], label

    def final(self, state: Context) -> float:
        """Nothing: a transducer does not say how likely an end is."""
        return 0.0
