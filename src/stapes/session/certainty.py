"""How sure words are: their posteriors in the lattice, mapped to how often such words are right."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stapes.decode import Hypothesis
from stapes.lattice import Lattice, n_best, word_posteriors

Calibrate = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Maps posteriors to confidences."""

_Key = tuple[str, int, int]
"""Text, first frame and end frame of a word."""


@dataclass(frozen=True, slots=True)
class AlternativeWord:
    """A word of an alternative; the fields are those of `stapes.decode.Word`."""

    text: str
    start_frame: int
    end_frame: int
    confidence: float


def with_certainty(
    hypothesis: Hypothesis, posteriors: NDArray[np.float64], calibrate: Calibrate | None
) -> Hypothesis:
    """``hypothesis`` with the confidences of the ``posteriors`` [W] of its words; those without ``calibrate``."""
    confidences = _mapped(posteriors, calibrate).tolist()
    words = zip(hypothesis.words, confidences, strict=True)
    return replace(hypothesis, words=tuple(replace(word, confidence=sure) for word, sure in words))


def alternatives(
    lattice: Lattice, count: int, calibrate: Calibrate | None
) -> list[tuple[AlternativeWord, ...]]:
    """The words of the ``count`` best word sequences of ``lattice``, best first; fewer if there are fewer.

    Raises:
        ConfigError: ``count`` is below 1.
    """
    found = _confidences(lattice, calibrate)
    paths = [[lattice.arcs[index] for index in each.path.arcs] for each in n_best(lattice, count)]
    keys = [[(arc.word, arc.start_frame, arc.end_frame) for arc in path if arc.word] for path in paths]
    return [tuple(AlternativeWord(*key, found[key]) for key in path) for path in keys]


def _confidences(lattice: Lattice, calibrate: Calibrate | None) -> dict[_Key, float]:
    """The confidence of each word at each of its times."""
    found: dict[_Key, float] = {}
    for arc, confidence in zip(lattice.arcs, _mapped(word_posteriors(lattice), calibrate), strict=True):
        key = (arc.word, arc.start_frame, arc.end_frame)
        found[key] = max(found.get(key, 0.0), float(confidence))
    return found


def _mapped(posteriors: NDArray[np.float64], calibrate: Calibrate | None) -> NDArray[np.float64]:
    return posteriors if calibrate is None else calibrate(posteriors)
