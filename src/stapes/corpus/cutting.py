"""Short utterances cut out of longer ones.

Few recordings hold a word alone, and fewer people say them, so a recogniser learns words from sentences, where their
neighbours tell half of them. Where a speaker separates words by as little as a stop, what lies between is a recording
of a word alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from stapes.corpus.augment.levels import FRAME_SAMPLES, frame_powers, quietest
from stapes.corpus.manifest import Utterance
from stapes.corpus.streams import RATE_HZ, Gaps

SHARES = (1.0, 0.3, 0.3)
"""Chance of a stretch of one, two and three words that could be cut out."""
LEAST_SECONDS = 0.15
"""A cut that is shorter has lost a part of its word."""
QUIET_DB = 13.0
"""How far below what is loud in a stretch the places of its cuts are at least."""


def cut(
    utterance: Utterance, samples: NDArray[np.float32], gaps: Gaps, rng: np.random.Generator
) -> Iterator[Utterance]:
    """Stretches of one to three words of ``utterance`` that are set apart from their neighbours, in order.

    Args:
        utterance: whose words are said.
        samples: [N] its sound at 16 kHz, full scale ±1.
        gaps: for each two words in succession two places in ``samples`` between which the one goes over into the other.
        rng: draws which stretches of several words there are.
    """
    words = utterance.text.split()
    places = [0, *(quietest(samples, *gap) for gap in gaps), len(samples)]
    for first, count in product(range(len(words)), range(1, len(SHARES) + 1)):
        last = first + count
        if last > len(words) or count == len(words) or rng.random() >= SHARES[count - 1]:
            continue
        begin, end = places[first], places[last]
        if end - begin >= LEAST_SECONDS * RATE_HZ and _apart(samples, begin, end):
            yield replace(
                utterance,
                id=f"{utterance.id}-{first}-{count}",
                text=" ".join(words[first:last]),
                start=utterance.start + begin / RATE_HZ,
                duration=(end - begin) / RATE_HZ,
            )


def _apart(samples: NDArray[np.float32], begin: int, end: int) -> bool:
    """Whether it is quiet where the stretch is cut out; the ends of the recording are as they are."""
    loud = float(np.percentile(frame_powers(samples[begin:end]), 90))
    ends: Sequence[int] = [place for place in (begin, end) if 0 < place < len(samples)]
    around = [frame_powers(samples[place - FRAME_SAMPLES : place + FRAME_SAMPLES]).mean() for place in ends]
    return loud > 0 and all(power < loud * 10 ** (-QUIET_DB / 10) for power in around)
