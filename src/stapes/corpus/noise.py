"""Recordings in which nobody speaks, cut from sound files of any kind: what training hears behind and between speech.

Letters of shapes: N samples.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stapes import audio
from stapes.corpus.augment.levels import Waveform
from stapes.corpus.manifest import Utterance, format_line, resume_manifest
from stapes.corpus.recording import write_recording
from stapes.errors import AudioError, CorpusError
from stapes.units import SAMPLE_RATE_HZ

SUFFIXES = (".flac", ".mp3", ".oga", ".ogg", ".opus", ".wav")
STRETCH_S = 10.0
# A long piece of music is one kind of noise, however long; its beginning, middle and end tell most of it.
STRETCHES_OF_A_FILE = 3
# Repeated without a break, a short sound would become a tone.
_LEAST_STRETCH_S = 3.0
_LEAST_SOUND_S = 0.1
_PEAK = 0.5
_LEAST_PEAK = 0.01


@dataclass(frozen=True)
class GatheredNoises:
    """What `gather_noises` did.

    Attributes:
        noises: the stretches, those of earlier runs included; their text is empty.
        resumed: how many of them an earlier run had written.
        dropped: how many files are of no use, by the reason.
    """

    noises: list[Utterance]
    resumed: int
    dropped: Counter[str]


def gather_noises(
    folders: Sequence[Path], out: Path, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> GatheredNoises:
    """Cut the sound files below ``folders`` into stretches under ``out``, listed in ``out``/manifest.jsonl.

    A file gives at most three stretches of at most 10 s, evenly spaced; a shorter sound is followed by silence up to
    3 s. Each is FLAC at 16 kHz with its peak at -6 dBFS, and has the path of its file for an id. Files of which the
    manifest already holds stretches are skipped, so that an interrupted run goes on where it stopped.

    Args:
        folders: searched with all folders in them for .flac, .mp3, .oga, .ogg, .opus and .wav.
        out: folder, made if needed.
        on_progress: called with the files done and their number.

    Raises:
        CorpusError: there is no sound file in one of them.
    """
    files = sorted({path for folder in folders for path in _sound_files(folder, out.resolve())})
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / "manifest.jsonl"
    known = {utterance.id: utterance for utterance in resume_manifest(manifest)}
    noises: list[Utterance] = []
    dropped: Counter[str] = Counter()
    with manifest.open("a", encoding="utf-8") as file:
        for done, path in enumerate(files, start=1):
            made = [each for each in map(known.get, _ids(path)) if each]
            if not made:
                cut = _stretches(path)
                if isinstance(cut, str):
                    dropped[cut] += 1
                else:
                    made = [_write(id_, samples, out) for id_, samples in zip(_ids(path), cut, strict=False)]
                    file.writelines(format_line(each, out) for each in made)
                    file.flush()
            noises += made
            on_progress(done, len(files))
    return GatheredNoises(noises, sum(each.id in known for each in noises), dropped)


def _sound_files(folder: Path, out: Path) -> list[Path]:
    paths = (path for path in folder.resolve().rglob("*") if not path.is_relative_to(out))
    found = [path for path in paths if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not found:
        raise CorpusError(f"{folder}: holds no sound file; one of {', '.join(SUFFIXES)} is expected")
    return found


def _ids(path: Path) -> Iterator[str]:
    return (f"{path.relative_to(path.anchor)}-{index}" for index in range(STRETCHES_OF_A_FILE))


def _stretches(path: Path) -> list[Waveform] | str:
    """The stretches of a file; or why it is of no use."""
    try:
        samples = audio.read(path, SAMPLE_RATE_HZ)
    except AudioError:
        return "unreadable"
    if len(samples) < _LEAST_SOUND_S * SAMPLE_RATE_HZ:
        return "too short"
    length = int(STRETCH_S * SAMPLE_RATE_HZ)
    count = min(STRETCHES_OF_A_FILE, -(-len(samples) // length))
    begins = np.linspace(0, max(0, len(samples) - length), count).astype(int)
    cut = [samples[begin : begin + length] for begin in begins]
    return [_levelled(each) for each in cut if np.abs(each).max() >= _LEAST_PEAK] or "silent"


def _levelled(samples: Waveform) -> Waveform:
    silence = max(0, int(_LEAST_STRETCH_S * SAMPLE_RATE_HZ) - len(samples))
    levelled: Waveform = np.pad(samples * np.float32(_PEAK / np.abs(samples).max()), (0, silence))
    return levelled


def _write(id_: str, samples: Waveform, out: Path) -> Utterance:
    path = out / "recordings" / f"{id_}.flac"
    write_recording(path, samples)
    return Utterance(id_, path, "", round(len(samples) / SAMPLE_RATE_HZ, 4), set="noise")
