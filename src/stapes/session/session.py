"""A session: sound in, events out, one utterance after the other, for as long as the sound lasts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stapes.audio import Resampler, to_mono
from stapes.decode import BeamState, EndpointState, Reason
from stapes.errors import AudioError
from stapes.session.events import Confirmed, Event, Final, Partial, Reset, Revised, Speculative
from stapes.session.recognizer import NETWORK_RATE_HZ, Expected, Recognizer
from stapes.session.transcript import Transcript, Word, to_transcript

BLOCK_SAMPLES = 160
"""The sound is heard in blocks of 10 ms, whatever the chunks: an event never waits for more than that."""
LEVEL_BLOCKS = 4
# -100 dB: digital silence has a level, too.
LEAST_POWER = 1e-10


@dataclass(frozen=True)
class Utterance:
    """Where a session stands within an utterance; a value.

    Args:
        number: from 0.
        begin_samples: sound of 16 kHz heard before it.
        network: state of the network.
        search: state of the search.
        endpoint: state of the end-pointer.
        told: text and stable text that were told last.
        speculated: text of the speculation that holds, None where there is none.
        was_reset: whether a speculation did not hold.
    """

    number: int
    begin_samples: int
    network: Any
    search: BeamState
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
        sample_rate_hz: int = NETWORK_RATE_HZ,
        expected: Sequence[Expected] = (),
    ) -> None:
        self._recognizer, self._network = recognizer, recognizer.network
        self._endpointer = recognizer.endpointer(endpoint)
        self._resampler = Resampler(sample_rate_hz, NETWORK_RATE_HZ)
        self._expected = tuple(expected)
        self._pending = np.zeros(0, np.float32)
        self._powers = np.zeros(LEVEL_BLOCKS)
        self._heard_samples = 0
        self._finished = False
        self._begin(0, self._endpointer.init_state())

    def expect(self, expected: Sequence[Expected]) -> None:
        """What is expected to be said from the next utterance on, in place of what was expected before."""
        self._expected = tuple(expected)

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
        self._heard_samples += self._pending.size
        frames, network = self._network.accept(self._pending, self._utterance.network)
        rest, network = self._network.flush(network)
        search = self._search.advance(np.concatenate([frames, rest]), self._utterance.search)
        self._utterance = replace(self._utterance, network=network, search=search)
        return [*events, *self._end(Reason.CLOSED)]

    def _hear(self, samples: NDArray[np.float32]) -> list[Event]:
        """Hear whole blocks, keep the rest."""
        samples = np.concatenate([self._pending, samples])
        whole = samples.size // BLOCK_SAMPLES * BLOCK_SAMPLES
        self._pending = samples[whole:].copy()
        events: list[Event] = []
        for block in samples[:whole].reshape(-1, BLOCK_SAMPLES):
            self._heard_samples += BLOCK_SAMPLES
            self._powers = np.append(self._powers[1:], np.square(block, dtype=np.float64).mean())
            frames, network = self._network.accept(block, self._utterance.network)
            self._utterance = replace(self._utterance, network=network)
            for frame in frames:
                events += self._follow(frame)
        return events

    def _follow(self, frame: NDArray[np.float32]) -> list[Event]:
        """Take in one encoder frame [J]; what it changes."""
        before = self._utterance
        search = self._search.advance(frame[np.newaxis], before.search)
        level_db = 10 * np.log10(self._powers.mean() + LEAST_POWER)
        log_blank = self._search.log_blank(frame, search)
        endpoint = self._endpointer.advance(frame, float(level_db), log_blank, search, before.endpoint)
        self._utterance = replace(before, search=search, endpoint=endpoint)
        # While every history takes blank the text stays.
        events = [] if search.nodes is before.search.nodes else self._tell_text()
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
        return [kind(now.number, self._time, self._transcript(), now.endpoint.probability)]

    def _end(self, reason: Reason) -> list[Event]:
        """End the utterance and begin the next one."""
        events = self._tell_text()
        now = self._utterance
        if now.told[0]:
            events += [*self._speculate(), Confirmed(now.number, self._time)]
        events.append(Final(now.number, self._time, self._transcript(), reason))
        self._begin(now.number + 1, self._endpointer.init_state(now.endpoint.levels))
        return events

    def _begin(self, number: int, endpoint: EndpointState) -> None:
        """An utterance, with a search of its own, so that what the one before has cached is freed."""
        self._search = self._recognizer.beam_search(self._expected)
        network, search = self._network.init_state(), self._search.init_state()
        self._utterance = Utterance(number, self._heard_samples, network, search, endpoint)

    @property
    def _time(self) -> float:
        return self._heard_samples / NETWORK_RATE_HZ

    def _transcript(self) -> Transcript:
        """The text of the utterance, its words at their times in the session."""
        now = self._utterance
        begin = now.begin_samples / NETWORK_RATE_HZ
        hypothesis = self._search.result(now.search)
        spoken = to_transcript(hypothesis, self._network.frame_ms / 1000, self._time - begin)
        return Transcript(spoken.text, tuple(_later(word, begin) for word in spoken.words), self._time)


def _later(word: Word, seconds: float) -> Word:
    return replace(word, start=word.start + seconds, end=word.end + seconds)
