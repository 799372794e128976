"""What a search puts out: labels, words and times.

Frames are encoder frames of 40 ms, counted from the first frame that the search was given.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word.

    Attributes:
        text: its pieces, joined, without the word mark.
        start_frame: emission of the first piece, less the emission delay of the search.
        end_frame: one past the emission of the last piece, less the same delay. Words never overlap, and
            ``start_frame <= end_frame``; the two are equal only where the delay reaches before frame 0.
        confidence: in [0, 1]; see ``stapes.decode.confidence``.
        labels_end: number of labels of the hypothesis up to the end of this word.
    """

    text: str
    start_frame: int
    end_frame: int
    confidence: float
    labels_end: int


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The best label sequence so far.

    Attributes:
        labels: emitted labels, blanks left out.
        frames: emission frame of each label, strictly rising, without any delay taken off.
        log_prob: natural log-probability of the labels: over all alignments kept by a beam search, of the one
            path by a greedy search.
        words: the labels as words; the last one may still grow while frames follow.
        stable_labels: number of first labels that all live histories share. Every later hypothesis begins
            with them; their frames and confidence may still change. A greedy search takes no label back.
    """

    labels: tuple[int, ...]
    frames: tuple[int, ...]
    log_prob: float
    words: tuple[Word, ...]
    stable_labels: int

    @property
    def text(self) -> str:
        """The words with single spaces between them."""
        return " ".join(word.text for word in self.words)

    @property
    def stable_words(self) -> tuple[Word, ...]:
        """The words whose text is final: wholly stable and followed by a stable label of the next word."""
        return tuple(word for word in self.words if word.labels_end < self.stable_labels)
