"""What a beam search is to those who use one, whatever runs it.

Shapes: n frames, J joint width, W words.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stapes.decode.hypothesis import Hypothesis
from stapes.decode.wording import DEFAULT_LIMITS, LatticeLimits
from stapes.lattice import Lattice


class Ending(Protocol):
    """Where a history ends."""

    @property
    def key(self) -> int:
        """Identity of its labels."""

    @property
    def frame(self) -> int:
        """Of its last label; -1 without one."""

    @property
    def labels(self) -> Sequence[int]:
        """All of them."""


class SearchState(Protocol):
    """Where a search stands; a value."""

    @property
    def frames(self) -> int:
        """Encoder frames consumed."""

    @property
    def changes(self) -> int:
        """Frames at which a history came or went; while it stays, so does all that the histories say."""

    @property
    def ending(self) -> Ending:
        """Of the most probable history."""


class Search(Protocol):
    """Frames in, words out; `stapes.decode.BeamSearch` describes what each method does.

    A state is continued by searches of the same kind with the same expectations.
    """

    def init_state(self) -> Any:
        """The state before the first frame."""

    def advance(self, frames: NDArray[np.float32], state: Any) -> Any:
        """The state after ``frames`` [n, J]."""

    def result(self, state: Any) -> Hypothesis:
        """The best hypothesis after the frames so far."""

    def lattice(self, state: Any, frame_ms: int, limits: LatticeLimits = DEFAULT_LIMITS) -> Lattice:
        """What may have been said in the frames so far."""

    def certainties(self, state: Any) -> NDArray[np.float64]:
        """[W] posterior of each word of ``result`` in ``lattice``."""

    def log_blank(self, frame: NDArray[np.float32], state: Any) -> float:
        """Log-probability of blank at ``frame`` [J] after the most probable history of ``state``."""
