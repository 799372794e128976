"""End-pointing: how probable it is, frame by frame, that the user has finished.

After every encoder frame a handful of numbers are read off the search, the encoder and the level of the sound, and a
network with one hidden layer turns them into a probability, as Maas et al. (ICASSP 2018) combine acoustics, words
and pauses. Two thresholds on it give two decisions: *speculative*, early and without consequences, and *final*. Hard
bounds hold whatever the network says: no end before a word, none before a least pause, one after the longest pause,
after a long time without a word, and at the greatest length.

Shapes: J joint width, P projected dimensions, S scalars, K hidden units, V vocabulary.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stapes.decode.beam import BeamState
from stapes.decode.completeness import Completeness
from stapes.decode.trace import Node, emissions
from stapes.decode.words import Spelling

Array = NDArray[np.float32]

TRACE_FRAMES = 8
SCALARS = 10 + TRACE_FRAMES
"""S."""

_LONGEST_RUN_FRAMES = 100
_BLANK_MEMORY = 0.7
_VOICE_MEMORY = np.float32(0.85)
_LEAST_LOG_PROB = -10.0
_MOST_LOG_ODDS = 8.0
# The trace of levels goes on for this long into a pause and then stands still.
_TRACED_HUSH_FRAMES = 3


class Reason(StrEnum):
    """Why an utterance ended."""

    ENDPOINT = "endpoint"
    """The end-pointer is sure enough that the user has finished."""
    PAUSE = "pause"
    """No word came for as long as is waited at most."""
    NO_SPEECH = "no speech"
    """No word came at all for as long as is waited at most."""
    TOO_LONG = "too long"
    """The utterance has reached the greatest length."""
    CLOSED = "closed"
    """The sound ended; an end-pointer never says so."""


class OperatingPoint(Protocol):
    """When a probability is enough, and what holds whatever it is."""

    @property
    def speculative(self) -> float:
        """Least probability for a speculation."""

    @property
    def final(self) -> float:
        """Least probability for an end, at least that for a speculation."""

    @property
    def least_pause_ms(self) -> int:
        """Without loud sound before a speculation; an end takes twice as long."""

    @property
    def longest_pause_ms(self) -> int:
        """Without a word or loud sound before the utterance ends in any case; with loud sound, twice as long."""

    @property
    def no_speech_ms(self) -> int:
        """Without any word before the utterance ends empty."""

    @property
    def longest_ms(self) -> int:
        """Before the utterance ends in mid-speech."""


class EndpointTables(Protocol):
    """What is learned; `stapes endpoints` fits it and the packed model carries it."""

    @property
    def completeness(self) -> Array:
        """[B] weights of `stapes.decode.Completeness`."""

    @property
    def completeness_bias(self) -> float:
        """Its bias."""

    @property
    def projection(self) -> Array:
        """[P, J] of encoder frames."""

    @property
    def mean(self) -> Array:
        """[S + 2 P] subtracted from the inputs."""

    @property
    def scale(self) -> Array:
        """[S + 2 P] multiplied onto them."""

    @property
    def hidden_weight(self) -> Array:
        """[K, S + 2 P]."""

    @property
    def hidden_bias(self) -> Array:
        """[K]."""

    @property
    def output_weight(self) -> Array:
        """[K]."""

    @property
    def output_bias(self) -> float:
        """Added to the log-odds."""


def end_probability(tables: EndpointTables, observed: Array) -> float:
    """That the user has finished, in [0, 1], given what an ``EndpointState`` has observed [S + 2 J]."""
    frames = observed[SCALARS:].reshape(2, -1) @ tables.projection.T
    inputs = (np.concatenate([observed[:SCALARS], frames.reshape(-1)]) - tables.mean) * tables.scale
    hidden = np.tanh(tables.hidden_weight @ inputs + tables.hidden_bias)
    return 1 / (1 + math.exp(-float(tables.output_weight @ hidden) - tables.output_bias))


@dataclass(frozen=True)
class Levels:
    """Running levels of speech and noise, in dB relative to full scale.

    Args:
        noise_db: follows the quietest frames.
        speech_db: follows the loudest frames.
    """

    noise_db: float = math.nan
    speech_db: float = -35.0

    def follow(self, level_db: float) -> "Levels":
        """The levels after a frame of ``level_db``."""
        noise, speech = self.noise_db, self.speech_db
        if math.isnan(noise):
            return Levels(level_db, max(speech, level_db))
        loud = level_db > speech - 15
        noise = noise + 0.5 * (level_db - noise) if level_db < noise else noise + (0.0 if loud else 0.15)
        speech = speech + 0.5 * (level_db - speech) if level_db > speech else speech - 0.03
        return Levels(noise, max(speech, noise + 10))

    def sounds(self, level_db: float) -> bool:
        """Whether a frame stands out from the noise."""
        return level_db > self.noise_db + 8

    def speaks(self, level_db: float) -> bool:
        """Whether a frame is loud enough to be the user."""
        return self.sounds(level_db) and level_db > self.speech_db - 18


@dataclass(frozen=True, eq=False)
class EndpointState:
    """Where an end-pointer stands; a value.

    Args:
        frames: since the utterance began.
        levels: of speech and noise.
        best: end of the best hypothesis; None before the first frame.
        words: of that hypothesis.
        log_odds: that it is complete.
        run_frames: since its last label, or since the beginning.
        quiet_frames: since a frame that stood out from the noise.
        hushed_frames: since a frame as loud as the user.
        blank: running mean of the probability of blank.
        trace: [TRACE_FRAMES] levels of the last frames before the pause and of its first ones, relative to speech.
        voice: [J] running mean of the encoder frames as loud as the user.
        observed: [S + 2 J] what the model sees.
        probability: that the user has finished, in [0, 1].
    """

    frames: int
    levels: Levels
    best: Node | None
    words: tuple[str, ...]
    log_odds: float
    run_frames: int
    quiet_frames: int
    hushed_frames: int
    blank: float
    trace: Array
    voice: Array
    observed: Array
    probability: float


class Endpointer:
    """Watches a search and says when the user has probably, and when the user has surely, finished.

    Args:
        vocabulary: the V pieces by label.
        tables: what is learned.
        point: when a probability is enough.
        frame_ms: distance between encoder frames.
    """

    def __init__(
        self, vocabulary: Sequence[str], tables: EndpointTables, point: OperatingPoint, frame_ms: float = 40.0
    ) -> None:
        self._tables, self._point = tables, point
        self._completeness = Completeness(tables.completeness, tables.completeness_bias)
        self._spelling = Spelling(vocabulary)
        self._frame_ms = frame_ms

    def init_state(self, levels: Levels | None = None) -> EndpointState:
        """The state before the first frame of an utterance; ``levels`` are those at the end of the one before."""
        width = self._tables.projection.shape[1]
        return EndpointState(
            frames=0,
            levels=levels or Levels(),
            best=None,
            words=(),
            log_odds=-math.inf,
            run_frames=0,
            quiet_frames=0,
            hushed_frames=0,
            blank=1.0,
            trace=np.full(TRACE_FRAMES, -40, np.float32),
            voice=np.zeros(width, np.float32),
            observed=np.zeros(SCALARS + 2 * width, np.float32),
            probability=0.0,
        )

    def advance(
        self, frame: Array, level_db: float, log_blank: float, search: BeamState, state: EndpointState
    ) -> EndpointState:
        """The state after one more frame.

        Args:
            frame: [J] of the encoder.
            level_db: of the last 40 ms that were heard for it, relative to full scale.
            log_blank: log-probability of blank at ``frame`` after the best hypothesis.
            search: state of the search after ``frame``.
            state: the one before.
        """
        state = self._read(search.nodes[int(search.log_probs.argmax())], state)
        state = _listen(frame, level_db, state)
        blank = _BLANK_MEMORY * state.blank + (1 - _BLANK_MEMORY) * math.exp(log_blank)
        state = replace(state, blank=blank)
        observed = np.concatenate([_scalars(state, level_db, log_blank), frame, state.voice])
        return replace(state, observed=observed, probability=end_probability(self._tables, observed))

    def speculates(self, state: EndpointState) -> bool:
        """Whether the user has probably finished."""
        paused = state.hushed_frames * self._frame_ms >= self._point.least_pause_ms
        return bool(state.words) and paused and state.probability >= self._point.speculative

    def ends(self, state: EndpointState) -> Reason | None:
        """Why the utterance ends here, or None while it goes on."""
        point, heard_ms = self._point, state.frames * self._frame_ms
        if not state.words:
            return Reason.NO_SPEECH if heard_ms >= point.no_speech_ms else None
        run_ms, hushed_ms = state.run_frames * self._frame_ms, state.hushed_frames * self._frame_ms
        if hushed_ms >= 2 * point.least_pause_ms and state.probability >= point.final:
            return Reason.ENDPOINT
        if min(run_ms, max(hushed_ms, run_ms / 2)) >= point.longest_pause_ms:
            return Reason.PAUSE
        return Reason.TOO_LONG if heard_ms >= point.longest_ms else None

    def _read(self, best: Node, state: EndpointState) -> EndpointState:
        """What the best hypothesis says, which ends in ``best``."""
        # The root, before the first label, has frame -1.
        state = replace(state, frames=state.frames + 1, run_frames=state.frames - best.frame)
        if state.best is not None and state.best.key == best.key:
            return replace(state, best=best)
        labels = [node.label for node in emissions(best)]
        texts = [self._spelling.text(labels[first:end]) for first, end in self._spelling.spans(labels)]
        words = tuple(text for text in texts if text)
        return replace(state, best=best, words=words, log_odds=self._completeness.log_odds(words))


def _listen(frame: Array, level_db: float, state: EndpointState) -> EndpointState:
    """What the level says of ``frame`` [J]."""
    levels = state.levels.follow(level_db)
    speaks = levels.speaks(level_db)
    hushed_frames = 0 if speaks else state.hushed_frames + 1
    voice, trace = state.voice, state.trace
    if speaks:
        voice = (_VOICE_MEMORY * voice + (1 - _VOICE_MEMORY) * frame).astype(np.float32)
    if hushed_frames <= _TRACED_HUSH_FRAMES:
        trace = np.append(trace[1:], np.float32(max(level_db - levels.speech_db, -40)))
    quiet_frames = 0 if levels.sounds(level_db) else state.quiet_frames + 1
    return replace(
        state, levels=levels, quiet_frames=quiet_frames, hushed_frames=hushed_frames, voice=voice, trace=trace
    )


def _scalars(state: EndpointState, level_db: float, log_blank: float) -> Array:
    """[S] what is seen of ``state``, each about between -3 and 5."""
    runs = (state.run_frames, state.quiet_frames, state.hushed_frames)
    values = [math.log1p(min(run, _LONGEST_RUN_FRAMES)) for run in runs]
    values += [
        4 * state.blank,
        max(log_blank, _LEAST_LOG_PROB) / 3,
        (level_db - state.levels.noise_db) / 10,
        (state.levels.speech_db - level_db) / 10,
        max(-_MOST_LOG_ODDS, min(state.log_odds, _MOST_LOG_ODDS)) / 2,
        math.log1p(len(state.words)),
        math.log1p(min(state.frames, _LONGEST_RUN_FRAMES)) if state.words else 0.0,
    ]
    return np.concatenate([np.array(values, np.float32), state.trace / 10])
