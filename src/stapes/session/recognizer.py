"""The recogniser: a packed model, and the streams of sound that it listens to."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stapes import engine as engines
from stapes.audio import AudioReader, AudioWarning, Resampler, to_mono
from stapes.decode import (
    INITIAL_CONTEXT,
    MOST_LISTS,
    BeamSearch,
    CompiledBeamSearch,
    CompiledGreedySearch,
    CtcHead,
    Endpointer,
    EndpointTables,
    Expectation,
    GreedySearch,
    Hypothesis,
    InternalLanguageModel,
    NGram,
    NGramTables,
    OperatingPoint,
    Phrases,
    Scorer,
    Search,
)
from stapes.errors import AudioError, ConfigError
from stapes.grammar import GatedSearch, Grammar
from stapes.lattice import Lattice
from stapes.session.certainty import Calibrate, alternatives, with_certainty
from stapes.session.pausing import pauses_alone
from stapes.session.transcript import HeardWord, Transcript, to_transcript
from stapes.session.understanding import Understanding, to_understanding
from stapes.units import SAMPLE_RATE_HZ

HELD_BEAM = 8
"""Least beam of a search that is held to a grammar: where it goes wrong, it cannot say what it hears next."""
Greedy: TypeAlias = GreedySearch | CompiledGreedySearch


class Endpointing(EndpointTables, Protocol):
    """An end-pointer with its operating points."""

    @property
    def points(self) -> Mapping[str, OperatingPoint]:
        """Operating points by name."""


class Network(Scorer, Protocol):
    """What a recogniser asks of a network: a `stapes.decode.Scorer` that also hears.

    Its states are values and its results do not depend on how the samples were cut into chunks.
    """

    @property
    def frame_ms(self) -> float:
        """Distance between encoder frames."""

    @property
    def language_model(self) -> NGramTables | None:
        """What the beam search expects of any speech, if there is something."""

    @property
    def ctc(self) -> CtcHead | None:
        """The CTC head that the beam search uses, if there is one."""

    @property
    def endpointing(self) -> Endpointing | None:
        """What is learned of the ends of utterances, if there is something."""

    @property
    def calibration(self) -> Calibrate | None:
        """What makes confidences of the posteriors of words in a lattice, if there is something."""

    def init_state(self) -> Any:
        """The state before the first sample."""

    def accept(self, samples: NDArray[np.float32], state: Any) -> tuple[NDArray[np.float32], Any]:
        """Encoder frames ``[frames, frame width]`` that 16 kHz ``samples`` complete; the state after them."""

    def flush(self, state: Any) -> tuple[NDArray[np.float32], Any]:
        """The encoder frames that were waiting for more samples; the state after them."""


class Expected(Protocol):
    """What is expected to be said, whatever the network: `stapes.Phrases` and the like."""

    def compile(self, vocabulary: Sequence[str]) -> Expectation:
        """The same over the pieces of a network; what is costly in it is made once and kept."""


class Recognizer:
    """Turns English speech into words, on this machine.

    One recogniser serves any number of streams, also at the same time.

    ::

        recognizer = Recognizer()
        print(recognizer.transcribe("command.wav").text)

    Args:
        model: a packed model file, a loaded network, or None for the model that comes with stapes.
        beam: histories followed at once, at least 1; 1 is a greedy search, which knows no language model.
        engine: what runs a packed model: ``native`` in integers, compiled; ``integer`` in the same integers, in NumPy;
            ``reference`` in floats. By default the first that this installation and the model allow of ``native`` and
            ``reference``. A loaded network runs itself.

    Raises:
        FormatError: the file is missing, is no packed model, is damaged, or cannot be run by ``engine``.
        ConfigError: ``beam`` or ``engine`` is not accepted.
    """

    def __init__(
        self, model: str | Path | Network | None = None, beam: int = 24, engine: str | None = None
    ) -> None:
        if beam < 1:
            raise ConfigError(f"recognizer: beam is {beam}; 1 or more is accepted")
        self._network: Network = (
            engines.load(model, engine) if model is None or isinstance(model, str | Path) else model
        )
        self._beam = beam

    def stream(
        self,
        sample_rate_hz: int = SAMPLE_RATE_HZ,
        expected: Sequence[Expected] = (),
        grammar: Grammar | None = None,
    ) -> "Stream":
        """A new stream of sound that arrives at ``sample_rate_hz``, 8000 to 192000.

        Args:
            sample_rate_hz: the rate of the samples.
            expected: what is likely to be said in this stream. With any, even a beam of 1 is a beam search.
            grammar: what is to be understood; see `Stream.understanding`.

        Raises:
            AudioError: a rate outside the range.
        """
        return Stream(self._network, self._search(expected, grammar), sample_rate_hz, expected)

    def transcribe(
        self,
        sound: str | Path | ArrayLike,
        sample_rate_hz: int = SAMPLE_RATE_HZ,
        expected: Sequence[Expected] = (),
    ) -> Transcript:
        """The words in a sound file or in an array of samples.

        Warns with `stapes.audio.AudioWarning` where the end of a file is missing; the rest is transcribed.

        Args:
            sound: the path of a file that `stapes.audio.AudioReader` reads, or samples that
                `stapes.audio.to_mono` accepts.
            sample_rate_hz: the rate of an array, 8000 to 192000; a file tells its own.
            expected: what is likely to be said, as in `stream`.

        Raises:
            AudioError: the file cannot be read, or the samples are no sound.
        """
        return self._heard(sound, sample_rate_hz, expected).finish()

    def understand(
        self,
        sound: str | Path | ArrayLike,
        grammar: Grammar,
        sample_rate_hz: int = SAMPLE_RATE_HZ,
        expected: Sequence[Expected] = (),
        strict: bool = False,
    ) -> Understanding:
        """What a sound file or an array of samples means to ``grammar``.

        Args:
            sound: as in `transcribe`.
            grammar: what is to be understood.
            sample_rate_hz: as in `transcribe`.
            expected: what is likely to be said, as in `stream`.
            strict: leave out the words of what is not understood.

        Raises:
            AudioError: the file cannot be read, or the samples are no sound.
        """
        stream = self._heard(sound, sample_rate_hz, expected, grammar)
        stream.finish()
        return stream.understanding(strict)

    def _heard(
        self,
        sound: str | Path | ArrayLike,
        sample_rate_hz: int,
        expected: Sequence[Expected],
        grammar: Grammar | None = None,
    ) -> "Stream":
        """A stream that has heard all of ``sound``."""
        if not isinstance(sound, str | Path):
            return self.stream(sample_rate_hz, expected, grammar).accept(sound)
        reader = AudioReader(sound, SAMPLE_RATE_HZ)
        stream = self.stream(SAMPLE_RATE_HZ, expected, grammar)
        for block in reader:
            stream.accept(block)
        if reader.warning:
            warnings.warn(reader.warning, AudioWarning, stacklevel=3)
        return stream

    @property
    def network(self) -> Network:
        """What was loaded."""
        return self._network

    def endpointer(self, point: str) -> Endpointer:
        """The end-pointer of the model at its operating point of that name; pauses alone where it has none.

        Raises:
            ConfigError: there is no operating point of that name.
        """
        network = self._network
        joint = network.predict(np.array([INITIAL_CONTEXT])).shape[1]
        learned = network.endpointing or pauses_alone(joint)
        if point not in learned.points:
            known = ", ".join(learned.points)
            raise ConfigError(
                f"session: end-point setting '{point}' is not in the model; {known} are accepted"
            )
        return Endpointer(network.vocabulary, learned, learned.points[point], network.frame_ms)

    def beam_search(self, expected: Sequence[Expected] = (), least_beam: int = 1) -> Search:
        """A beam search with what the model and ``expected`` expect, and a beam of ``least_beam`` or more.

        It is compiled where the network is and nothing but phrases is expected.
        """
        network, beam = self._network, max(self._beam, least_beam)
        phrases = [each for each in expected if isinstance(each, Phrases)]
        if isinstance(network, engines.NativeNetwork) and len(phrases) == len(expected) <= MOST_LISTS:
            lists = [each.compile_native(network.vocabulary) for each in phrases]
            return CompiledBeamSearch(network.compiled, beam, lists)
        compiled = [each.compile(network.vocabulary) for each in expected]
        return BeamSearch(network, beam, expected=[*self._language_model, *compiled], ctc=network.ctc)

    @cached_property
    def _language_model(self) -> list[Expectation]:
        tables = self._network.language_model
        if tables is None:
            return []
        if tables.internal_scale == 0:
            return [NGram(tables)]
        return [NGram(tables), InternalLanguageModel(self._network, tables.internal_scale)]

    def _search(self, expected: Sequence[Expected], grammar: Grammar | None) -> Greedy | Search | GatedSearch:
        if grammar is not None:
            held = self.beam_search([*expected, grammar.only], HELD_BEAM)
            return GatedSearch(self.beam_search(expected), held, grammar)
        if self._beam == 1 and not expected:
            network = self._network
            if isinstance(network, engines.NativeNetwork):
                return CompiledGreedySearch(network.compiled)
            return GreedySearch(network)
        return self.beam_search(expected)


class Stream:
    """One stream of sound; the results are the same, bit for bit, for every way to cut it into chunks."""

    def __init__(
        self,
        network: Network,
        search: Greedy | Search | GatedSearch,
        sample_rate_hz: int,
        expected: Sequence[Expected] = (),
    ) -> None:
        self._network = network
        self._resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ)
        self._search = search
        self._phrases = [each for each in expected if isinstance(each, Phrases)]
        self._network_state = network.init_state()
        self._search_state: Any = self._search.init_state()
        self._heard_samples = 0
        self._final: Transcript | None = None

    def accept(self, samples: ArrayLike) -> Self:
        """Hear a chunk of any length and type that `stapes.audio.to_mono` accepts; returns the stream itself.

        Raises:
            AudioError: the samples are no sound, or the stream is finished.
        """
        if self._final is not None:
            raise AudioError("stream: finished; a new stream is needed for more samples")
        mono = to_mono(samples)
        self._heard_samples += mono.size
        self._hear(self._resampler.push(mono))
        return self

    @property
    def partial(self) -> Transcript:
        """What was heard so far; later words may change earlier ones, and confidences are rough."""
        if self._final is not None:
            return self._final
        return self._written(self._search.result(self._search_state))

    @property
    def lattice(self) -> Lattice:
        """What may have been said so far: words with times and scores; its best path is the transcript.

        Words are as spoken: without the written forms of phrases. The confidence of a word in a final transcript is
        its `stapes.lattice.word_posteriors`, calibrated. A greedy search knows one path alone and has confidences of
        its own, which are rough.
        """
        return self._search.lattice(self._search_state, round(self._network.frame_ms))

    def alternatives(self, count: int) -> list[Transcript]:
        """The ``count`` best transcripts in the lattice so far, the most probable first; fewer if there are fewer.

        Raises:
            ConfigError: ``count`` is below 1.
        """
        found = alternatives(self.lattice, count, self._network.calibration)
        if isinstance(self._search, Greedy):
            return [self.partial]
        return [self._spelled(words) for words in found]

    def understanding(self, strict: bool = False) -> Understanding:
        """What was meant so far, if the utterance ends here.

        Args:
            strict: leave out the words of what is not understood.

        Raises:
            ConfigError: the stream was opened without a grammar.
        """
        if not isinstance(self._search, GatedSearch):
            raise ConfigError("stream: opened without a grammar; one is needed to understand what was said")
        verdict = self._search.verdict(self._search_state)
        if self._final is not None:
            verdict = replace(verdict, free=self._certain(verdict.free))
        return to_understanding(verdict, self._written, strict)

    def finish(self) -> Transcript:
        """End the stream and return the final words; a second call returns the same."""
        if self._final is None:
            self._hear(self._resampler.flush())
            frames, self._network_state = self._network.flush(self._network_state)
            self._search_state = self._search.advance(frames, self._search_state)
            self._final = self._written(self._certain(self._search.result(self._search_state)))
        return self._final

    def _certain(self, hypothesis: Hypothesis) -> Hypothesis:
        if isinstance(self._search, Greedy):
            return hypothesis
        posteriors = self._search.certainties(self._search_state)
        return with_certainty(hypothesis, posteriors, self._network.calibration)

    def _written(self, hypothesis: Hypothesis) -> Transcript:
        return self._spelled(hypothesis.words)

    def _spelled(self, words: Sequence[HeardWord]) -> Transcript:
        duration = self._heard_samples / self._resampler.from_hz
        return to_transcript(words, self._network.frame_ms / 1000, duration, self._phrases)

    def _hear(self, samples: NDArray[np.float32]) -> None:
        frames, self._network_state = self._network.accept(samples, self._network_state)
        self._search_state = self._search.advance(frames, self._search_state)
