"""Engines that speak: eSpeak NG, Flite, Pico, RHVoice, Hibari and Kokoro, each with many voices.

An engine is made once in a process, by ``load_engine``, and then speaks one sentence at a time. What it says
depends on text, speaker and speed alone.
"""

import _ctypes
import ctypes
import json
import math
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from xml.sax.saxutils import escape

import numpy as np
import soundfile
from numpy.typing import NDArray

from stapes.corpus.leaks import HELD_OUT_VOICES
from stapes.errors import CorpusError, MissingExtraError

ENGINES = ("kokoro", "hibari", "espeak", "flite", "pico", "rhvoice")

_ESPEAK_ACCENTS = (
    *("en-us", "en-us-nyc", "en-029"),
    *("en", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd"),
)
_ESPEAK_VARIANTS = (
    *(f"m{number}" for number in range(1, 9)),
    *(f"f{number}" for number in range(1, 6)),
    *("adam", "Alex", "Andy", "belinda", "david", "edward", "Gene", "ian", "john", "Lee", "linda", "Michael"),
    *("norbert", "paul", "robert", "steph", "travis", "zac"),
)
_ESPEAK_VOICES = tuple(f"{accent}+{variant}" for accent in _ESPEAK_ACCENTS for variant in _ESPEAK_VARIANTS)


class Engine(Protocol):
    """A speaking machine.

    ``voices`` are the names it accepts; ``cast`` draws a speaker from some of them; ``speak`` gives mono
    samples in [-1, 1] and their rate in Hz, or None for a sentence that it cannot say. A speed of 1 is the
    voice's own.
    """

    voices: tuple[str, ...]

    def cast(self, draw: random.Random, voices: Sequence[str]) -> str: ...

    def speak(self, text: str, speaker: str, speed: float) -> tuple[NDArray[np.float32], int] | None: ...


def load_engine(name: str, kokoro: Path | None = None) -> Engine:
    """The engine called ``name``: kokoro, hibari, espeak, flite, pico or rhvoice.

    Args:
        name: one of ``ENGINES``.
        kokoro: the folder with kokoro.onnx, vocab.json and voices/, for kokoro only.

    Raises:
        CorpusError: there is no such engine, its program is not installed, or its folder is incomplete.
        MissingExtraError: a package that it needs is not installed.
    """
    if name == "espeak":
        return EspeakEngine()
    if name == "flite":
        return FliteEngine()
    if name == "pico":
        return PicoEngine()
    if name == "rhvoice":
        return RHVoiceEngine()
    if name == "hibari":
        return HibariEngine()
    if name != "kokoro":
        raise CorpusError(f"engine '{name}': one of {', '.join(ENGINES)} is expected")
    if kokoro is None:
        raise CorpusError("engine 'kokoro': the folder of the voice model is expected (--kokoro)")
    return KokoroEngine(kokoro)


class EspeakEngine:
    """eSpeak NG through its library: formant synthesis, English accents times voice variants.

    The library is loaded afresh for each sentence (about 15 ms): what it said before would otherwise shift
    the samples of what it says next.
    """

    voices: tuple[str, ...] = _ESPEAK_VOICES

    _WORDS_PER_MINUTE = 175
    # Constants of espeak-ng's speak_lib.h.
    _SYNCHRONOUS, _RATE, _UTF8 = 2, 1, 1

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError:
            raise MissingExtraError("espeakng-loader", "synthesise", "Speaking with espeak") from None
        self._path = str(espeakng_loader.get_library_path())
        self._data = str(espeakng_loader.get_data_path())

    def cast(self, draw: random.Random, voices: Sequence[str]) -> str:
        return draw.choice(voices)

    def speak(self, text: str, speaker: str, speed: float) -> tuple[NDArray[np.float32], int] | None:
        library = ctypes.CDLL(self._path)
        try:
            rate_hz = int(library.espeak_Initialize(self._SYNCHRONOUS, 0, self._data.encode(), 0))
            if rate_hz <= 0:
                raise CorpusError(f"engine 'espeak': its data in {self._data} cannot be loaded")
            if library.espeak_SetVoiceByName(speaker.encode()) != 0:
                raise CorpusError(f"engine 'espeak': has no voice '{speaker}'")
            library.espeak_SetParameter(self._RATE, round(self._WORDS_PER_MINUTE * speed), 0)
            library.espeak_ng_SetRandSeed(ctypes.c_long(1))
            samples = self._synthesise(library, text.encode())
            library.espeak_Terminate()
        finally:
            _unload(library)
        return ((samples / 32768).astype(np.float32), rate_hz) if samples.size else None

    def _synthesise(self, library: ctypes.CDLL, text: bytes) -> NDArray[np.int16]:
        chunks: list[bytes] = []

        def collect(samples: Any, count: int, _: Any) -> int:
            if samples and count > 0:
                chunks.append(ctypes.string_at(samples, count * 2))
            return 0

        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        callback = kind(collect)  # named, so that it lives as long as the call below
        library.espeak_SetSynthCallback(callback)
        library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 1, 0, self._UTF8, None, None)
        library.espeak_Synchronize()
        return np.frombuffer(b"".join(chunks), np.int16)


def _unload(library: ctypes.CDLL) -> None:
    if sys.platform == "win32":
        _ctypes.FreeLibrary(library._handle)
    else:
        _ctypes.dlclose(library._handle)


class FliteEngine:
    """Flite through its program: small unit-selection and diphone voices."""

    voices: tuple[str, ...] = ("awb", "kal", "kal16", "rms", "slt")

    def __init__(self) -> None:
        program = shutil.which("flite")
        if program is None:
            raise CorpusError(
                "engine 'flite': the program flite is not installed; on Debian: apt install flite"
            )
        self._program = program

    def cast(self, draw: random.Random, voices: Sequence[str]) -> str:
        return draw.choice(voices)

    def speak(self, text: str, speaker: str, speed: float) -> tuple[NDArray[np.float32], int] | None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            stretch = f"duration_stretch={1 / speed:.3f}"
            command = [self._program, "-voice", speaker, "--setf", stretch, "-t", text, "-o", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0 or not path.exists():
                raise CorpusError(f"engine 'flite': failed on '{text}': {done.stderr.strip()[:200]}")
            samples, rate_hz = soundfile.read(path, dtype="float32")
        return (samples, rate_hz) if samples.size else None


class _MouldedProgram:
    """A program with a few statistical voices, each moulded into many.

    A speaker is written ``VOICE:90:1.08``: the voice, its pitch in percent, and how much shorter than the voice's own
    the vocal tract is (all formants rise by that factor). Both together make a speaker.
    """

    voices: tuple[str, ...]

    _NAME, _PROGRAM, _PACKAGES = "", "", ""
    _PITCH_PERCENT = (60, 140)
    _FORMANTS = (0.84, 1.16)

    def __init__(self) -> None:
        program = shutil.which(self._PROGRAM)
        if program is None:
            raise CorpusError(
                f"engine '{self._NAME}': the program {self._PROGRAM} is not installed; "
                f"on Debian: apt install {self._PACKAGES} (section non-free)"
            )
        self._program = program

    def cast(self, draw: random.Random, voices: Sequence[str]) -> str:
        return (
            f"{draw.choice(voices)}:{draw.randint(*self._PITCH_PERCENT)}:{draw.uniform(*self._FORMANTS):.2f}"
        )

    def speak(self, text: str, speaker: str, speed: float) -> tuple[NDArray[np.float32], int] | None:
        voice, pitch, formants = speaker.split(":")
        # Played faster by ``warp``, slow speech of low pitch comes back to its speed, with higher formants.
        warp = float(formants)
        percents = round(100 * speed / warp), round(int(pitch) / warp)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "speech.wav"
            command = [self._program, *self._arguments(text, voice, *percents, path)]
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
            if done.returncode != 0 or not path.exists():
                raise CorpusError(f"engine '{self._NAME}': failed on '{text}': {done.stderr.strip()[:200]}")
            samples, rate_hz = soundfile.read(path, dtype="float32")
        return (samples, round(rate_hz * warp)) if samples.size else None

    def _arguments(self, text: str, voice: str, speed: int, pitch: int, path: Path) -> list[str]:
        """Of the program, which finds ``text`` on its standard input too; speed and pitch are in percent."""
        raise NotImplementedError


class PicoEngine(_MouldedProgram):
    """SVOX Pico through its program pico2wave."""

    voices: tuple[str, ...] = ("en-GB", "en-US")

    _NAME, _PROGRAM, _PACKAGES = "pico", "pico2wave", "libttspico-utils"

    def _arguments(self, text: str, voice: str, speed: int, pitch: int, path: Path) -> list[str]:
        marked = f"<pitch level='{pitch}'><speed level='{speed}'>{escape(text)}</speed></pitch>"
        return ["-l", voice, "-w", str(path), marked]


class RHVoiceEngine(_MouldedProgram):
    """RHVoice through its program RHVoice-test: voices of three people.

    The voice slt, which Flite and Festival have too, is not used: these engines measure how strangers are understood.
    """

    voices: tuple[str, ...] = ("alan", "bdl", "clb")

    _NAME, _PROGRAM, _PACKAGES = "rhvoice", "RHVoice-test", "rhvoice rhvoice-english"
    _PITCH_PERCENT = (75, 130)
    _FORMANTS = (0.86, 1.16)

    def _arguments(self, text: str, voice: str, speed: int, pitch: int, path: Path) -> list[str]:
        return ["-p", voice, "-r", str(speed), "-t", str(pitch), "-o", str(path)]


class HibariEngine:
    """hibari-tts, a small network distilled from a voice of Kokoro: natural speech, some 200 seconds of it in one.

    It gives pitch and spectrum apart, so that one voice is moulded into many. A speaker is written
    ``heart:80:0.92:1.20:-3``: the voice; its pitch in percent; how much shorter than the voice's own the vocal tract
    is; how lively the pitch moves, 1 as the voice's own; and how loud its breath is, in dB.
    """

    voices: tuple[str, ...] = ("heart",)  # the one that comes with the package

    # Of a woman's voice: down to deep men, up to children.
    _PITCH_PERCENT = (45, 140)
    _FORMANTS = (0.82, 1.2)
    _LIVELINESS = (0.5, 1.5)
    _BREATH_DB = (-6, 8)
    _UNVOICED_BELOW_HZ = 40.0  # as in hibari.dsp

    def __init__(self) -> None:
        try:
            from hibari import Hibari, dsp
        except ImportError as error:
            raise MissingExtraError(str(error.name), "synthesise", "Speaking with hibari") from None
        self._network, self._signal = Hibari(), dsp

    def cast(self, draw: random.Random, voices: Sequence[str]) -> str:
        pitch, formants = draw.randint(*self._PITCH_PERCENT), draw.uniform(*self._FORMANTS)
        liveliness, breath_db = draw.uniform(*self._LIVELINESS), draw.randint(*self._BREATH_DB)
        return f"{draw.choice(voices)}:{pitch}:{formants:.2f}:{liveliness:.2f}:{breath_db}"

    def speak(self, text: str, speaker: str, speed: float) -> tuple[NDArray[np.float32], int] | None:
        _, pitch, formants, liveliness, breath_db = speaker.split(":")
        # Played faster by ``warp``, slow speech of low pitch comes back to its speed, with higher formants.
        warp = float(formants)
        spoken = [
            self._sound(phonemes, speed / warp, int(pitch) / 100 / warp, float(liveliness), float(breath_db))
            for phonemes in self._network.phonemize(text)
        ]
        samples = np.concatenate(spoken) if spoken else np.zeros(0, np.float32)
        return (samples, round(self._network.sample_rate * warp)) if samples.size else None

    def _sound(
        self, phonemes: str, speed: float, pitch: float, liveliness: float, breath_db: float
    ) -> NDArray[np.float32]:
        feed = {"ids": np.array([self._network.ids(phonemes)]), "speed": np.array([speed], np.float32)}
        harmonic, phase, noise, rest, rest_phase, f0 = (
            part[0] for part in self._network.sess.run(None, feed)
        )
        voiced = f0 > self._UNVOICED_BELOW_HZ
        if voiced.any():
            middle = np.exp(np.log(f0[voiced]).mean())
            f0[voiced] = pitch * middle * (f0[voiced] / middle) ** liveliness
        noise = noise + np.float32(breath_db * math.log(10) / 20)
        samples = self._signal.synth(
            harmonic, phase, noise, rest, rest_phase, f0, np.random.default_rng(len(phonemes))
        )
        return np.asarray(samples, np.float32)


class KokoroEngine:
    """Kokoro-82M as ONNX: natural speech; voices are style vectors that may be mixed.

    Voices that begin with a or b are American and British, the others speak English with an accent. Held-out
    voices are not loaded.
    """

    _RATE_HZ = 24000
    _MAX_TOKENS = 500
    # English voices carry most of the speech; the others bring accents.
    _ENGLISH_SHARE = 0.7
    _MIXED_SHARE = 0.8

    def __init__(self, folder: Path) -> None:
        for name in ("kokoro.onnx", "vocab.json", "voices"):
            if not (folder / name).exists():
                raise CorpusError(f"{folder}: lacks {name}; kokoro.onnx, vocab.json and voices/ are expected")
        try:
            import onnxruntime
            from misaki import espeak
        except ImportError as error:
            raise MissingExtraError(str(error.name), "synthesise", "Speaking with kokoro") from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._network = onnxruntime.InferenceSession(str(folder / "kokoro.onnx"), options)
        vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        self._symbols: dict[str, int] = vocabulary.get("vocab", vocabulary)
        self._styles = {
            path.stem: np.fromfile(path, np.float32).reshape(-1, 256)
            for path in sorted((folder / "voices").glob("*.bin"))
            if path.stem not in HELD_OUT_VOICES
        }
        self._phonemes = {"a": espeak.EspeakG2P("en-us"), "b": espeak.EspeakG2P("en-gb")}
        self.voices = tuple(self._styles)

    def cast(self, draw: random.Random, voices: Sequence[str]) -> str:
        english = [voice for voice in voices if voice[0] in "ab"]
        lead = draw.choice(english if english and draw.random() < self._ENGLISH_SHARE else list(voices))
        second = draw.choice(voices)
        weight = round(draw.uniform(0.3, 1.0), 2)
        if second == lead or draw.random() >= self._MIXED_SHARE:
            return lead
        return f"{weight:.2f}*{lead}+{1 - weight:.2f}*{second}"

    def speak(self, text: str, speaker: str, speed: float) -> tuple[NDArray[np.float32], int] | None:
        mixture = parse_mixture(speaker)
        accent = "b" if mixture[0][1].startswith("b") else "a"
        phonemes, _ = self._phonemes[accent](text)
        tokens = [self._symbols[symbol] for symbol in phonemes if symbol in self._symbols]
        if not 2 <= len(tokens) <= self._MAX_TOKENS:
            return None
        style = sum(weight * self._style(voice)[len(tokens)] for weight, voice in mixture)
        feed = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": np.asarray(style, np.float32)[None],
            "speed": np.array([speed], np.float32),
        }
        inputs = [entry.name for entry in self._network.get_inputs()]
        samples = self._network.run(None, dict(zip(inputs, feed.values(), strict=True)))[0]
        return np.asarray(samples, np.float32).ravel(), self._RATE_HZ

    def _style(self, voice: str) -> NDArray[np.float32]:
        if voice not in self._styles:
            raise CorpusError(f"engine 'kokoro': has no voice '{voice}', or it is held out")
        return self._styles[voice]


def parse_mixture(speaker: str) -> list[tuple[float, str]]:
    """Weights and voices of ``speaker``: "af_sky", or a mixture such as "0.70*af_sky+0.30*bm_lewis".

    Raises:
        CorpusError: ``speaker`` is written otherwise.
    """
    parts = []
    for part in speaker.split("+"):
        match = re.fullmatch(r"(?:(\d+(?:\.\d+)?)\*)?([A-Za-z]\w*)", part)
        if match is None:
            raise CorpusError(
                f"speaker '{speaker}': a voice, or a mixture such as 0.7*af_sky+0.3*bm_lewis, is expected"
            )
        parts.append((float(match[1] or 1.0), match[2]))
    return parts
