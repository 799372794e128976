"""Confidence of words, from the posteriors that a search has at hand.

The confidence of a word is the smaller of two numbers in [0, 1]:

* **evidence**: the product over its pieces of the posterior of the piece at its emission frame. In a beam
  search it is taken among the labels without blank, since blank there mostly says «later», and that the word
  may not be there at all shows in the second number. A greedy search has no such number, so blank counts as a
  rival.
* **presence**: the share of the probability in the beam that holds the same text at an overlapping time. Live
  histories are weighed by their probability; each history that was merged into the best one and lacks the
  word leaves ``1 / (1 + ratio)`` of it, ``ratio`` being its probability relative to that of the best one. It
  is 1 in a greedy search.

Both fall when an alternative gains, neither counts the same rival twice, and both are functions of the search
state alone, hence the same for every chunking. The numbers are not calibrated.

The time of a word for «overlapping» runs from the end of the word before it to the emission of its last
piece, since a transducer emits late and may emit the same word some frames apart in two histories.
"""

import math
from collections.abc import Iterable, Sequence

from stapes.decode.hypothesis import Hypothesis, Word
from stapes.decode.trace import Node, emissions
from stapes.decode.words import Spelling

Emitted = tuple[int, int]
"""A label and its emission frame."""


def describe(
    spelling: Spelling,
    node: Node,
    log_prob: float,
    rivals: Iterable[tuple[Node, float]],
    stable_labels: int,
    delay_frames: int,
) -> Hypothesis:
    """The hypothesis that ends in ``node``, its words weighed against the live ``rivals``.

    Args:
        spelling: of the vocabulary.
        node: end of the best history.
        log_prob: its log-probability now.
        rivals: end and log-probability of every other live history.
        stable_labels: see ``Hypothesis``.
        delay_frames: subtracted from the times of the words, which are never below 0.
    """
    nodes = emissions(node)
    labels = tuple(entry.label for entry in nodes)
    frames = tuple(entry.frame for entry in nodes)
    presence = _Presence(spelling, nodes)
    presence.count_merged()
    presence.count_live(log_prob, rivals)
    words = []
    for (start, end), share in zip(presence.spans, presence.shares, strict=True):
        text = spelling.text(labels[start:end])
        if text:
            evidence = math.prod(entry.posterior for entry in nodes[start:end])
            first = max(0, frames[start] - delay_frames)
            last = max(0, frames[end - 1] + 1 - delay_frames)
            words.append(Word(text, first, last, min(evidence, share), end))
    return Hypothesis(labels, frames, log_prob, tuple(words), stable_labels)


class _Presence:
    """Share of the beam that holds each word of the best history."""

    def __init__(self, spelling: Spelling, nodes: Sequence[Node]) -> None:
        self._spelling = spelling
        self._nodes = nodes
        self._best: list[Emitted] = [(node.label, node.frame) for node in nodes]
        self._lengths = {node.key: node.length for node in nodes}
        self.spans = spelling.spans([node.label for node in nodes])
        self.shares = [1.0] * len(self.spans)

    def count_merged(self) -> None:
        """Take off what the histories merged into the best one hold instead."""
        for node in self._nodes:
            for merge in node.merged:
                kept = 1.0 / (1.0 + math.exp(merge.log_ratio))
                for word in self._missing(merge.node, node.length):
                    self.shares[word] *= kept

    def count_live(self, log_prob: float, rivals: Iterable[tuple[Node, float]]) -> None:
        """Take off what the live ``rivals`` of the best history, which has ``log_prob``, hold instead."""
        total = 1.0
        lost = [0.0] * len(self.spans)
        for node, rival_log_prob in rivals:
            weight = math.exp(rival_log_prob - log_prob)
            total += weight
            for word in self._missing(node, len(self._best)):
                lost[word] += weight
        self.shares = [share * (1.0 - gone / total) for share, gone in zip(self.shares, lost, strict=True)]

    def _missing(self, rival: Node, rejoin: int) -> list[int]:
        """Words of the best history that ``rival`` lacks; from label ``rejoin`` on the two are the same."""
        suffix: list[Emitted] = []
        while rival.prev is not None and rival.key not in self._lengths:
            suffix.append((rival.label, rival.frame))
            rival = rival.prev
        fork = self._lengths.get(rival.key, 0)
        # A label that does not begin a word belongs to the word before it: widen to whole words.
        start = max((first for first, _ in self.spans if first < fork), default=0)
        end = min((first for first, _ in self.spans if first >= rejoin), default=len(self._best))
        theirs = self._best[start:fork] + suffix[::-1] + self._best[rejoin:end]
        held = self._held(self._timed(self._best[start:end]), self._timed(theirs))
        inside = [index for index, (first, _) in enumerate(self.spans) if start <= first < end]
        return [word for word, is_held in zip(inside, held, strict=True) if not is_held]

    def _timed(self, emitted: Sequence[Emitted]) -> list[tuple[str, int, int]]:
        """Text, last frame of the word before and last frame of each word."""
        words = []
        before = -1
        labels = [label for label, _ in emitted]
        for first, end in self._spelling.spans(labels):
            last = emitted[end - 1][1]
            words.append((self._spelling.text(labels[first:end]), before, last))
            before = last
        return words

    @staticmethod
    def _held(ours: Sequence[tuple[str, int, int]], theirs: Sequence[tuple[str, int, int]]) -> list[bool]:
        """Which of our words they hold at an overlapping time, in order, each of theirs for one of ours."""
        held = []
        taken = 0
        for text, before, last in ours:
            matches = (
                index
                for index in range(taken, len(theirs))
                if theirs[index][0] == text and theirs[index][1] < last and before < theirs[index][2]
            )
            match = next(matches, None)
            taken = taken if match is None else match + 1
            held.append(match is not None)
        return held
