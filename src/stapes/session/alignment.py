"""When the words of a known text are said."""

import numpy as np
from numpy.typing import NDArray

from stapes.decode import BeamSearch, Dictation, Hypothesis
from stapes.session.recognizer import Network

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
