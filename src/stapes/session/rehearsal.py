"""What an end-pointer would have done with a recording: for choosing its settings and measuring them.

An utterance is heard to the end of the recording, whatever the end-pointer thinks of it; then any operating point can
be tried on what was observed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stapes.decode import Endpointer, EndpointState, Reason
from stapes.session.hearing import Hearing
from stapes.session.recognizer import Recognizer


@dataclass(frozen=True)
class Moment:
    """After one encoder frame.

    Args:
        seconds: sound heard.
        endpoint: state of the end-pointer.
    """

    seconds: float
    endpoint: EndpointState


@dataclass(frozen=True)
class Outcome:
    """How a session would have gone on.

    Args:
        final: seconds of sound until the utterance ended.
        reason: why it did.
        speculative: seconds until the speculation that held at the end; equal to ``final`` without one.
        resets: speculations that did not hold.
    """

    final: float
    reason: Reason
    speculative: float
    resets: int


def rehearse(recognizer: Recognizer, endpointer: Endpointer, samples: NDArray[np.float32]) -> list[Moment]:
    """What ``endpointer`` observes in 16 kHz ``samples`` [N], frame by frame."""
    hearing, search = Hearing(recognizer.network), recognizer.beam_search()
    heard, endpoint = search.init_state(), endpointer.init_state()
    moments = []
    for frame, sound in hearing.accept(samples):
        heard = search.advance(frame[np.newaxis], heard)
        log_blank = search.log_blank(frame, heard)
        endpoint = endpointer.advance(frame, sound, log_blank, heard, endpoint)
        moments.append(Moment(hearing.seconds, endpoint))
    return moments


def with_probabilities(moments: Sequence[Moment], probabilities: NDArray[np.floating]) -> list[Moment]:
    """The same moments, had the end-pointer found other ``probabilities``, one a moment."""
    return [
        replace(moment, endpoint=replace(moment.endpoint, probability=probability))
        for moment, probability in zip(moments, probabilities.tolist(), strict=True)
    ]


def outcome(moments: Sequence[Moment], endpointer: Endpointer) -> Outcome:
    """How a session with ``endpointer`` would have ended; at the latest with the sound.

    Args:
        moments: at least one.
        endpointer: decides; its thresholds may differ from those of the rehearsal.
    """
    said: int | None = None
    speculative, resets = 0.0, 0
    for moment in moments:
        state = moment.endpoint
        key = state.best.key if state.best is not None else 0
        if said is not None and key != said:
            said, resets = None, resets + 1
        reason = endpointer.ends(state)
        if said is None and (reason or endpointer.speculates(state)):
            said, speculative = key, moment.seconds
        if reason is not None:
            return Outcome(moment.seconds, reason, speculative, resets)
    last = moments[-1].seconds
    return Outcome(last, Reason.CLOSED, last if said is None else speculative, resets)
