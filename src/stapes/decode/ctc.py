"""What the CTC head of the encoder adds to a beam search over the transducer.

The head (Graves et al., "Connectionist temporal classification", 2006) sees the encoder alone, and may put a label
some frames later than the transducer, when more of it was heard. The score of a label sequence under CTC, less that of
saying nothing at all, is a sum over its labels: of how much more probable each is than blank, at the frame where it
stands. Each label of a history is given the best such frame, from the one at which the transducer emits it to some
frames later and before the next label; where a label repeats the last one, blank must come between, or one long stay
would count as two. That is added with a factor to the score of the transducer, as hybrid decoders do (Watanabe et al.,
"Hybrid CTC/attention architecture for end-to-end speech recognition", 2017); it costs one sum a label and frame.

Shapes: J joint width, V vocabulary.
"""

import math
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stapes.decode.scorer import BLANK

LOWEST = -8.0
"""What a label scores at least, in nats before the factor: a search goes on where the head is sure and wrong."""


class CtcHead(Protocol):
    """A CTC head and its part in a search; an encoder frame is [J + V], its end the logits of the head."""

    @property
    def joint(self) -> int:
        """Width J of the joint."""

    @property
    def ctc_scale(self) -> float:
        """Factor of the scores."""

    @property
    def ctc_frames(self) -> int:
        """How long after its emission a label may be found."""


def evidence_at(head: CtcHead, frame: NDArray[np.float32]) -> NDArray[np.float64]:
    """[V] what each label scores at an encoder ``frame`` [J + V]; blank scores 0."""
    logits = frame[head.joint :].astype(np.float64)
    found: NDArray[np.float64] = head.ctc_scale * np.maximum(logits - logits[BLANK], LOWEST)
    return found


Scores: TypeAlias = NDArray[np.float64] | float
"""Of histories, [P], or of one."""


class Evidence(NamedTuple):
    """What the head finds of the last label of histories, [P], or of one.

    Attributes:
        score: at the best frame.
        lasting: at all frames from that one on.
        ceiling: no frame counts more: what blank is ahead of the label before, if that is the same. CTC tells a label
            said twice from one that lasts by blank between the two.
    """

    score: Scores
    lasting: Scores
    ceiling: Scores


NOTHING = Evidence(0.0, 0.0, math.inf)
"""Of no label."""


def emitted(seen: float) -> Evidence:
    """Of a label that is emitted where ``seen`` is found of it."""
    return Evidence(seen, seen, math.inf)


def repeated(before: Evidence, seen: Scores, lowest: float) -> Evidence:
    """Of labels that are emitted right after themselves, of which ``before`` was found.

    Args:
        before: of the labels before.
        seen: what is found of the labels at the frame.
        lowest: no frame counts less.
    """
    score = np.maximum(np.minimum(seen, -before.lasting), lowest)
    return Evidence(score, seen, -before.lasting + np.maximum(0.0, -seen))


def later(found: Evidence, seen: Scores, open_: NDArray[np.bool_], lowest: float) -> Evidence:
    """After a frame more.

    Args:
        found: until then.
        seen: what is found of the labels at the frame.
        open_: whether they may still be found.
        lowest: no frame counts less.
    """
    counted = np.maximum(np.minimum(seen, found.ceiling), lowest)
    better = open_ & (counted > found.score)
    return Evidence(
        np.where(better, counted, found.score),
        np.where(better, seen, found.lasting + seen),
        found.ceiling + np.maximum(0.0, -seen),
    )
