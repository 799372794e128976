"""How sure the words of a hypothesis are: their posteriors in the lattice of the same search.

Shapes: W words.
"""

import numpy as np
from numpy.typing import NDArray

from stapes.decode.hypothesis import Hypothesis
from stapes.decode.wording import cut
from stapes.lattice import Lattice, word_posteriors


def certainties(hypothesis: Hypothesis, lattice: Lattice) -> NDArray[np.float64]:
    """[W] the greatest posterior of the arcs with the text and the times of each word; 0 where there are none."""
    greatest: dict[tuple[str, int, int], float] = {}
    for arc, posterior in zip(lattice.arcs, word_posteriors(lattice).tolist(), strict=True):
        key = (arc.word, arc.start_frame, arc.end_frame)
        greatest[key] = max(greatest.get(key, 0.0), posterior)
    keys = [(cut(word.text), word.start_frame, word.end_frame) for word in hypothesis.words]
    return np.array([greatest.get(key, 0.0) for key in keys])
