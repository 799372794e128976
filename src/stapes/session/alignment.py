"""When the words of a known text are said."""

import numpy as np
from numpy.typing import NDArray

from stapes.decode import BeamSearch, Dictation, Hypothesis
from stapes.session.recognizer import Network
from stapes.units import SAMPLE_RATE_HZ, ms_to_samples

# Whatever the model does not hear has to be gone through, so no history is dropped for being improbable.
_BEAM = 12
_SCORE_BEAM = 1000.0


def align(network: Network, samples: NDArray[np.float32], text: str) -> Hypothesis | None:
    """The most probable places of the words of ``text`` in a recording; None if they do not fit into it.

    Args:
        network: the model.
        samples: [N] at 16 kHz.
        text: the words said, with single spaces between them.
    """
    frames, state = network.accept(samples, network.init_state())
    rest, _ = network.flush(state)
    dictation = Dictation(network.vocabulary, text)
    search = BeamSearch(network, _BEAM, _SCORE_BEAM, histories=1, expected=[dictation])
    found = search.result(search.advance(np.concatenate([frames, rest]), search.init_state()))
    return found if found.text == text else None


def word_gaps(network: Network, samples: NDArray[np.float32], text: str) -> list[tuple[int, int]]:
    """For each two words of ``text`` in succession, two places in ``samples`` between which the first one ends.

    A label is emitted after the beginning of what it stands for has been heard and before its end, so the one
    place is where the last label of a word is emitted and the other where the first one of the next word is.
    There are none where ``text`` does not fit into the recording.
    """
    found = align(network, samples, text)
    if found is None:
        return []
    step = ms_to_samples(network.frame_ms, SAMPLE_RATE_HZ)
    ends = [word.labels_end for word in found.words[:-1]]
    return [(found.frames[end - 1] * step, (found.frames[end] + 1) * step) for end in ends]
