"""A session: sound in, events out, one utterance after the other, for as long as the sound lasts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stapes.audio import Resampler, to_mono
from stapes.decode import EndpointState, Phrases, Reason, SearchState, Sound
from stapes.errors import AudioError
from stapes.lattice import Lattice
from stapes.session.certainty import with_certainty
from stapes.session.events import Confirmed, Event, Final, Partial, Reset, Revised, Speculative
from stapes.session.hearing import Hearing
from stapes.session.recognizer import Expected, Recognizer
from stapes.session.transcript import Transcript, to_transcript
from stapes.units import SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Utterance:
    """Where a session stands within an utterance; a value.

    Args:
        number: from 0.
        begin: seconds of sound heard before it.
        search: state of the search.
        endpoint: state of the end-pointer.
        told: text and stable text that were told last.
        speculated: text of the speculation that holds, None where there is none.
        was_reset: whether a speculation did not hold.
    """

    number: int
    begin: float
    search: SearchState
    endpoint: EndpointState
    told: tuple[str, str] = ("", "")
    speculated: str | None = None
    was_reset: bool = False


class Session:
    """Listens to one stream of sound and tells what is said as events.

    The events are the same, bit for bit, for every way to cut the sound into chunks, whatever other sessions of
    the same recogniser hear. After each utterance network and search begin anew; the levels of noise and speech are
    kept, and the clock runs on. What a session keeps does not grow with time.

    ::

        session = Session(Recognizer(), endpoint="fast")
        for block in microphone:
            for event in session.accept(block):
                print(event)

    Args:
        recognizer: the model; any number of sessions share it.
        endpoint: name of an operating point of the model: ``fast``, ``normal`` or ``patient``.
        sample_rate_hz: of the sound, 8000 to 192000.
        expected: what is expected to be said.

    Raises:
        AudioError: a rate outside the range.
        ConfigError: the model has no end-pointer, or none of that name.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        endpoint: str = "normal",
        sample_rate_hz: int = SAMPLE_RATE_HZ,
        expected: Sequence[Expected] = (),
    ) -> None:
        self._recognizer = recognizer
        self._endpointer = recognizer.endpointer(endpoint)
        self._resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ)
        self._next_expected = tuple(expected)
        self._hearing = Hearing(recognizer.network)
        self._frame_ms = round(recognizer.network.frame_ms)
        self._finished = False
        self._utterance = self._begin(0, self._endpointer.init_state())

    def expect(self, expected: Sequence[Expected]) -> None:
        """What is expected to be said from the next utterance on, in place of what was expected before."""
        self._next_expected = tuple(expected)

    def accept(self, samples: ArrayLike) -> list[Event]:
        """Hear a chunk of any length and type that `stapes.audio.to_mono` accepts; what there is to tell, in order.

        Raises:
            AudioError: the samples are no sound, or the session is finished.
        """
        if self._finished:
            raise AudioError("session: finished; a new session is needed for more samples")
        return self._hear(self._resampler.push(to_mono(samples)))

    def finish(self) -> list[Event]:
        """End the sound; what there is to tell of the last utterance. A second call tells nothing."""
        if self._finished:
            return []
        self._finished = True
        events = self._hear(self._resampler.flush())
        search = self._search.advance(self._hearing.flush(), self._utterance.search)
        self._utterance = replace(self._utterance, search=search)
        return [*events, *self._end(Reason.CLOSED)]

    def _hear(self, samples: NDArray[np.float32]) -> list[Event]:
        return [
            event for frame, sound in self._hearing.accept(samples) for event in self._follow(frame, sound)
        ]

    def _follow(self, frame: NDArray[np.float32], sound: Sound) -> list[Event]:
        """Take in one encoder frame [J]; what it changes."""
        before = self._utterance
        search = self._search.advance(frame[np.newaxis], before.search)
        log_blank = self._search.log_blank(frame, search)
        endpoint = self._endpointer.advance(frame, sound, log_blank, search, before.endpoint)
        self._utterance = replace(before, search=search, endpoint=endpoint)
        # While every history takes blank the text stays.
        events = [] if search.changes == before.search.changes else self._tell_text()
        return [*events, *self._judge()]

    def _tell_text(self) -> list[Event]:
        """What a change of the text makes of the speculation, and the text."""
        now = self._utterance
        hypothesis = self._search.result(now.search)
        told = hypothesis.text, " ".join(word.text for word in hypothesis.stable_words)
        if told == now.told:
            return []
        events: list[Event] = []
        if now.speculated not in (None, told[0]):
            events.append(Reset(now.number, self._time))
            now = replace(now, speculated=None, was_reset=True)
        self._utterance = replace(now, told=told)
        return [*events, Partial(now.number, self._time, *told)]

    def _judge(self) -> list[Event]:
        """Whether the user has finished, probably or surely."""
        now = self._utterance
        reason = self._endpointer.ends(now.endpoint)
        if reason is not None:
            return self._end(reason)
        return self._speculate() if self._endpointer.speculates(now.endpoint) else []

    def _speculate(self) -> list[Event]:
        """A speculation on the text as it is, unless it holds already."""
        now = self._utterance
        if now.speculated is not None:
            return []
        self._utterance = replace(now, speculated=now.told[0])
        kind = Revised if now.was_reset else Speculative
        transcript, lattice = self._heard()
        return [kind(now.number, self._time, transcript, now.endpoint.probability, lattice, now.begin)]

    def _end(self, reason: Reason) -> list[Event]:
        """End the utterance and begin the next one."""
        events = self._tell_text()
        now = self._utterance
        if now.told[0]:
            events += [*self._speculate(), Confirmed(now.number, self._time)]
        events.append(Final(now.number, self._time, self._heard()[0], reason))
        self._utterance = self._begin(now.number + 1, self._endpointer.init_state(now.endpoint.levels))
        return events

    def _begin(self, number: int, endpoint: EndpointState) -> Utterance:
        """An utterance, with a search of its own, so that what the one before has cached is freed."""
        self._expected = self._next_expected
        self._search = self._recognizer.beam_search(self._expected)
        self._hearing.begin()
        return Utterance(number, self._time, self._search.init_state(), endpoint)

    @property
    def _time(self) -> float:
        return self._hearing.seconds

    def _heard(self) -> tuple[Transcript, Lattice]:
        """What the utterance says, its words at their times in the session, and what it may say."""
        now, network = self._utterance, self._recognizer.network
        lattice = self._search.lattice(now.search, round(network.frame_ms))
        posteriors = self._search.certainties(now.search)
        sure = with_certainty(self._search.result(now.search), posteriors, network.calibration)
        phrases = [each for each in self._expected if isinstance(each, Phrases)]
        spoken = to_transcript(sure.words, network.frame_ms / 1000, self._time - now.begin, phrases)
        words = tuple(
            replace(word, start=word.start + now.begin, end=word.end + now.begin) for word in spoken.words
        )
        return Transcript(spoken.text, words, self._time), lattice
