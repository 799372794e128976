"""Labelled speech from text: many voices, many speeds, a manifest that an interrupted run goes on from.

A sentence, the engine and the seed decide speaker, speed and name of a recording; the order of the sentences
and what else is synthesised do not matter.
"""

import hashlib
import multiprocessing
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from stapes.corpus.leaks import Guard, held_out_voices
from stapes.corpus.manifest import Utterance, format_line, resume_manifest
from stapes.corpus.recording import to_sample_rate, write_recording
from stapes.corpus.text import normalise
from stapes.corpus.voices import Engine, load_engine
from stapes.errors import CorpusError
from stapes.units import SAMPLE_RATE_HZ

# Names of recordings are spread over this many folders, so that none grows too large to list.
_FOLDERS = 100
_SPELLED = re.compile(r"\b[a-z](?: [a-z]\b)+")
_LETTER_A = re.compile(r"\ba\b")


@dataclass(frozen=True)
class SynthesisConfig:
    """How sentences become speech.

    Args:
        engine: kokoro, hibari, espeak, flite, pico or rhvoice.
        voices: voices to draw from; all of the engine's if empty.
        kokoro: the folder of the Kokoro model, for that engine.
        seed: another seed gives other speakers and speeds, and other names.
        jobs: processes, at least 1.
        min_speed: slowest speed drawn, where 1 is the voice's own; above 0.
        max_speed: fastest speed drawn, at least ``min_speed``.
    """

    engine: str = "espeak"
    voices: tuple[str, ...] = ()
    kokoro: Path | None = None
    seed: int = 0
    jobs: int = 1
    min_speed: float = 0.78
    max_speed: float = 1.3

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise CorpusError(f"synthesise: {self.jobs} jobs were given; at least 1 is expected")
        if not 0 < self.min_speed <= self.max_speed:
            raise CorpusError(
                f"synthesise: speeds from {self.min_speed} to {self.max_speed} were given; "
                "a range above 0 is expected"
            )
        for voice in self.voices:
            if held_out_voices(voice):
                raise CorpusError(f"synthesise: the voice {voice} is held out for development")


@dataclass(frozen=True)
class Synthesised:
    """What ``synthesise`` did: sentences spoken now, spoken before, kept out, and impossible to say."""

    spoken: int
    resumed: int
    excluded: int
    unspeakable: int


def synthesise(
    texts: Iterable[str],
    out: Path,
    config: SynthesisConfig,
    exclude: Sequence[Utterance] = (),
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Synthesised:
    """Speak ``texts`` into FLAC files at 16 kHz under ``out``, and label them in ``out``/manifest.jsonl.

    Texts are brought to spoken form, and each is spoken once. Sentences that the manifest already holds are
    skipped, so that an interrupted run goes on where it stopped.

    Args:
        texts: sentences.
        out: folder, made if needed.
        config: engine, voices, seed and processes.
        exclude: held-out utterances; their sentences are not spoken.
        on_progress: called with the sentences done and their number.

    Raises:
        CorpusError: there is no sentence, a voice is unknown or held out, or the engine fails.
        MissingExtraError: the engine's package is not installed.
    """
    sentences = sorted({normalise(text) for text in texts} - {""})
    if not sentences:
        raise CorpusError("synthesise: no sentence was given; text with one sentence a line is expected")
    guard = Guard(exclude)
    allowed = [sentence for sentence in sentences if not guard.has_sentence(sentence)]
    manifest = out / "manifest.jsonl"
    done = {utterance.id for utterance in resume_manifest(manifest)}
    todo = [sentence for sentence in allowed if _name(sentence, config) not in done]
    spoken = 0
    out.mkdir(parents=True, exist_ok=True)
    with manifest.open("a", encoding="utf-8") as file:
        for count, utterance in enumerate(_speak_all(todo, out, config), start=1):
            if utterance is not None:
                file.write(format_line(utterance, out))
                file.flush()
                spoken += 1
            on_progress(count, len(todo))
    resumed = len(allowed) - len(todo)
    return Synthesised(spoken, resumed, len(sentences) - len(allowed), len(todo) - spoken)


def _name(sentence: str, config: SynthesisConfig) -> str:
    return hashlib.sha256(f"{config.engine}:{config.seed}:{sentence}".encode()).hexdigest()[:16]


def _speak_all(sentences: list[str], out: Path, config: SynthesisConfig) -> Iterator[Utterance | None]:
    if not sentences:
        return
    speaker = _speaker(out, config)  # here too with many processes: a wrong voice is told once, and at once
    if config.jobs == 1:
        yield from map(speaker.speak, sentences)
        return
    # Not forked: a copy of a running engine or of its threads would be broken.
    with ProcessPoolExecutor(config.jobs, multiprocessing.get_context("spawn")) as pool:
        try:
            yield from pool.map(partial(_work, out, config), sentences)
        finally:
            pool.shutdown(cancel_futures=True)


def _work(out: Path, config: SynthesisConfig, sentence: str) -> Utterance | None:
    return _speaker(out, config).speak(sentence)


@cache
def _speaker(out: Path, config: SynthesisConfig) -> "_Speaker":
    return _Speaker(out, config)


class _Speaker:
    """An engine with its voices and its folder, as one process has it."""

    def __init__(self, out: Path, config: SynthesisConfig) -> None:
        self._out, self._config = out, config
        self._engine: Engine = load_engine(config.engine, config.kokoro)
        unknown = sorted(set(config.voices) - set(self._engine.voices))
        if unknown:
            raise CorpusError(
                f"synthesise: {config.engine} has no voice {unknown[0]}; "
                f"known are {', '.join(self._engine.voices[:8])} and others"
            )
        self._voices = config.voices or self._engine.voices

    def speak(self, sentence: str) -> Utterance | None:
        """Speak one sentence into its file; None if the engine cannot say it."""
        name = _name(sentence, self._config)
        draw = random.Random(name)
        speaker = self._engine.cast(draw, self._voices)
        speed = round(draw.uniform(self._config.min_speed, self._config.max_speed), 2)
        sound = self._engine.speak(_with_letter_names(sentence), speaker, speed)
        if sound is None:
            return None
        samples = to_sample_rate(*sound)
        audio = self._out / f"{int(name, 16) % _FOLDERS:02d}" / f"{name}.flac"
        write_recording(audio, samples)
        label = speaker if self._config.engine == "kokoro" else f"{self._config.engine}:{speaker}"
        duration = round(len(samples) / SAMPLE_RATE_HZ, 3)
        return Utterance(name, audio, sentence, duration, label, set="synthetic")


def _with_letter_names(sentence: str) -> str:
    """``sentence`` as an engine has to read it: an "a" among spelled letters is the letter, not the article."""
    return _SPELLED.sub(lambda run: _LETTER_A.sub("a.", run[0]), sentence)
