"""End-pointing: how probable it is, frame by frame, that the user has finished.

After every encoder frame a handful of numbers are read off the search, the encoder and the level of the sound, and a
small recurrent network (GRU; Cho et al., 2014) turns them into a probability, as Maas et al. (ICASSP 2018) combine
acoustics, words and pauses. It remembers how the last words sounded: a sentence that goes on sounds otherwise than
one that is over. Two thresholds give two decisions: *speculative*, early and without consequences, and *final*. Hard
bounds hold whatever the network says: no end before a word, none before a least pause, one after the longest pause,
after a long time without a word, and at the greatest length.

Shapes: J joint width, P projected dimensions, S scalars, D = S + P inputs, K hidden units, V vocabulary.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stapes.decode.completeness import Completeness
from stapes.decode.search import Ending, SearchState
from stapes.decode.sound import Levels, Melody, Sound
from stapes.decode.words import Spelling

Array = NDArray[np.float32]

SCALARS = 13
"""S."""

_LONGEST_RUN_FRAMES = 100
_BLANK_MEMORY = 0.7
_LEAST_LOG_PROB = -10.0
_MOST_LOG_ODDS = 8.0


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
        """Of a pause before a speculation; an end takes twice as long."""

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
        """[D] subtracted from the inputs."""

    @property
    def scale(self) -> Array:
        """[D] multiplied onto them."""

    @property
    def input_weight(self) -> Array:
        """[3 K, D], gates in the order reset, update, new."""

    @property
    def input_bias(self) -> Array:
        """[3 K]."""

    @property
    def recurrent_weight(self) -> Array:
        """[3 K, K]."""

    @property
    def recurrent_bias(self) -> Array:
        """[3 K]."""

    @property
    def output_weight(self) -> Array:
        """[K]."""

    @property
    def output_bias(self) -> float:
        """Added to the log-odds."""


def remember(tables: EndpointTables, observed: Array, hidden: Array) -> Array:
    """The hidden units [K] after ``observed`` [S + J], which follow ``hidden`` [K]."""
    inputs = np.concatenate([observed[:SCALARS], tables.projection @ observed[SCALARS:]])
    given = tables.input_weight @ ((inputs - tables.mean) * tables.scale) + tables.input_bias
    kept = tables.recurrent_weight @ hidden + tables.recurrent_bias
    units = len(hidden)
    reset, update = _sigmoid(given[: 2 * units] + kept[: 2 * units]).reshape(2, -1)
    new = np.tanh(given[2 * units :] + reset * kept[2 * units :])
    result: Array = new + update * (hidden - new)
    return result


def end_probability(tables: EndpointTables, hidden: Array) -> float:
    """That the user has finished, in [0, 1], given the ``hidden`` units [K]."""
    return 1 / (1 + math.exp(-float(tables.output_weight @ hidden) - tables.output_bias))


def _sigmoid(x: Array) -> Array:
    result: Array = np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5)
    return result


@dataclass(frozen=True, eq=False)
class EndpointState:
    """Where an end-pointer stands; a value.

    Args:
        frames: since the utterance began.
        levels: of speech and noise.
        melody: of the user.
        best: end of the best hypothesis; None before the first frame.
        words: of that hypothesis.
        log_odds: that it is complete.
        run_frames: since its last label, or since the beginning.
        quiet_frames: since a frame that stood out from the noise.
        hushed_frames: since a frame as loud as the user.
        blank: running mean of the probability of blank.
        observed: [S + J] what the network sees.
        hidden: [K] what it remembers.
        probability: that the user has finished, in [0, 1].
    """

    frames: int
    levels: Levels
    melody: Melody
    best: Ending | None
    words: tuple[str, ...]
    log_odds: float
    run_frames: int
    quiet_frames: int
    hushed_frames: int
    blank: float
    observed: Array
    hidden: Array
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
            melody=Melody(),
            best=None,
            words=(),
            log_odds=-math.inf,
            run_frames=0,
            quiet_frames=0,
            hushed_frames=0,
            blank=1.0,
            observed=np.zeros(SCALARS + width, np.float32),
            hidden=np.zeros(len(self._tables.output_weight), np.float32),
            probability=0.0,
        )

    def advance(
        self, frame: Array, sound: Sound, log_blank: float, search: SearchState, state: EndpointState
    ) -> EndpointState:
        """The state after one more frame.

        Args:
            frame: [J] of the encoder; what follows, as a CTC head's logits, is not looked at.
            sound: the last that was heard for it.
            log_blank: log-probability of blank at ``frame`` after the best hypothesis.
            search: state of the search after ``frame``.
            state: the one before.
        """
        state = self._read(search.ending, state)
        state = _listen(sound, state)
        blank = _BLANK_MEMORY * state.blank + (1 - _BLANK_MEMORY) * math.exp(log_blank)
        state = replace(state, blank=blank)
        width = self._tables.projection.shape[1]
        observed = np.concatenate([_scalars(state, sound, log_blank), frame[:width]])
        hidden = remember(self._tables, observed, state.hidden)
        probability = end_probability(self._tables, hidden)
        return replace(state, observed=observed, hidden=hidden, probability=probability)

    def speculates(self, state: EndpointState) -> bool:
        """Whether the user has probably finished."""
        paused = self._pause_ms(state) >= self._point.least_pause_ms
        return bool(state.words) and paused and state.probability >= self._point.speculative

    def ends(self, state: EndpointState) -> Reason | None:
        """Why the utterance ends here, or None while it goes on."""
        point, heard_ms, pause_ms = self._point, state.frames * self._frame_ms, self._pause_ms(state)
        if not state.words:
            return Reason.NO_SPEECH if heard_ms >= point.no_speech_ms else None
        if pause_ms >= 2 * point.least_pause_ms and state.probability >= point.final:
            return Reason.ENDPOINT
        if min(state.run_frames * self._frame_ms, pause_ms) >= point.longest_pause_ms:
            return Reason.PAUSE
        return Reason.TOO_LONG if heard_ms >= point.longest_ms else None

    def _pause_ms(self, state: EndpointState) -> float:
        """Since loud sound; where somebody else is as loud as the user, half the time since the last label."""
        return max(state.hushed_frames, state.run_frames / 2) * self._frame_ms

    def _read(self, best: Ending, state: EndpointState) -> EndpointState:
        """What the best hypothesis says, which ends in ``best``."""
        # The root, before the first label, has frame -1.
        state = replace(state, frames=state.frames + 1, run_frames=state.frames - best.frame)
        if state.best is not None and state.best.key == best.key:
            return replace(state, best=best)
        labels = best.labels
        texts = [self._spelling.text(labels[first:end]) for first, end in self._spelling.spans(labels)]
        words = tuple(text for text in texts if text)
        return replace(state, best=best, words=words, log_odds=self._completeness.log_odds(words))


def _listen(sound: Sound, state: EndpointState) -> EndpointState:
    """What the sound of a frame says."""
    levels = state.levels.follow(sound.level_db)
    return replace(
        state,
        levels=levels,
        melody=state.melody.follow(sound) if levels.speaks(sound.level_db) else state.melody,
        quiet_frames=0 if levels.sounds(sound.level_db) else state.quiet_frames + 1,
        hushed_frames=0 if levels.is_loud(sound.level_db) else state.hushed_frames + 1,
    )


def _scalars(state: EndpointState, sound: Sound, log_blank: float) -> Array:
    """[S] what is seen of ``state``, each about between -3 and 5."""
    runs = (state.run_frames, state.quiet_frames, state.hushed_frames)
    values = [math.log1p(min(run, _LONGEST_RUN_FRAMES)) for run in runs]
    values += [
        4 * state.blank,
        max(log_blank, _LEAST_LOG_PROB) / 3,
        (sound.level_db - state.levels.noise_db) / 10,
        (state.levels.speech_db - sound.level_db) / 10,
        max(-_MOST_LOG_ODDS, min(state.log_odds, _MOST_LOG_ODDS)) / 2,
        math.log1p(len(state.words)),
        math.log1p(min(state.frames, _LONGEST_RUN_FRAMES)) if state.words else 0.0,
        sound.voicing,
        state.melody.height,
        state.melody.slope,
    ]
    return np.array(values, np.float32)
