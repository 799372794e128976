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

from typing import Protocol

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


def evidence(head: CtcHead, frame: NDArray[np.float32]) -> NDArray[np.float64]:
    """[V] what each label scores at an encoder ``frame`` [J + V]; blank scores 0."""
    logits = frame[head.joint :].astype(np.float64)
    found: NDArray[np.float64] = head.ctc_scale * np.maximum(logits - logits[BLANK], LOWEST)
    return found


def evidence_of_repetition(
    head: CtcHead, found: NDArray[np.float64], before: NDArray[np.float64]
) -> NDArray[np.float64]:
    """[V] what each label scores right after itself, from `evidence` at a frame and at the one ``before``.

    CTC tells a label said twice from one that lasts by blank between the two; what the label would score at that frame,
    were it to last, is lost.
    """
    again: NDArray[np.float64] = np.maximum(np.minimum(found, -before), head.ctc_scale * LOWEST)
    return again
