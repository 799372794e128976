"""Public corpora as manifests: LibriSpeech and Common Voice by lhotse's recipes, Speech Commands, Kaldi and lhotse
folders.

Texts are brought to spoken form; a recording without a speakable word is left out. Recordings stay where
they are.
"""

import contextlib
import dataclasses
import hashlib
import importlib.util
import io
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import soundfile

from stapes.corpus.manifest import Utterance, from_cuts, write_manifest
from stapes.corpus.text import normalise
from stapes.errors import CorpusError, MissingExtraError


def import_corpus(kind: str, folder: Path, out: Path) -> dict[str, list[Utterance]]:
    """Write ``out``/<part>.jsonl for every part of the corpus in ``folder``, and return the parts.

    Args:
        kind: one of ``KINDS``.
        folder: for librispeech the folder with train-clean-100, dev-clean and so on; for commonvoice the one
            with ``en``; for speechcommands one with a folder for each word, all of them or some; for kaldi one
            with wav.scp, text and utt2spk; for lhotse one with ``*cuts*``, or ``*recordings*`` and
            ``*supervisions*``, manifests.
        out: folder for the manifests, made if needed.

    Raises:
        CorpusError: the folder is missing, or is not laid out as that kind.
        MissingExtraError: lhotse is not installed.
    """
    if kind not in KINDS:
        raise CorpusError(f"corpus '{kind}': one of {', '.join(KINDS)} is expected")
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder; a {kind} corpus is expected")
    if importlib.util.find_spec("lhotse") is None:
        raise MissingExtraError("lhotse", "train", "Importing a corpus")
    parts = {name: _speakable(cuts, kind) for name, cuts in KINDS[kind](folder).items()}
    parts = {name: utterances for name, utterances in parts.items() if utterances}
    if not parts:
        raise CorpusError(f"{folder}: holds no labelled recording of a {kind} corpus")
    for name, utterances in parts.items():
        write_manifest(out / f"{name}.jsonl", utterances)
    return parts


def _speakable(cuts: Any, kind: str) -> list[Utterance]:
    spoken = [dataclasses.replace(u, text=normalise(u.text), set=kind) for u in from_cuts(cuts)]
    return [utterance for utterance in spoken if utterance.text]


def _librispeech(folder: Path) -> dict[str, Any]:
    from lhotse.recipes import prepare_librispeech

    try:
        with _quiet():
            parts = prepare_librispeech(folder)
    except ValueError:
        raise CorpusError(
            f"{folder}: holds no part of LibriSpeech; folders such as train-clean-100 are expected"
        ) from None
    return {name: _cuts(**manifests) for name, manifests in parts.items()}


def _commonvoice(folder: Path) -> dict[str, Any]:
    from lhotse.recipes import prepare_commonvoice

    splits = [name for name in ("train", "dev", "test") if (folder / "en" / f"{name}.tsv").exists()]
    if not splits:
        raise CorpusError(f"{folder}: holds no English Common Voice; en/train.tsv and en/clips are expected")
    # The recipe insists on storing its own manifests, which nobody reads again.
    with tempfile.TemporaryDirectory() as store, _quiet():
        parts = prepare_commonvoice(folder, store, languages="en", splits=splits)["en"]
    return {name: _cuts(**manifests) for name, manifests in parts.items()}


# WORD/SPEAKER_nohash_NUMBER, as Speech Commands names its recordings; they tell the parts by a hash of SPEAKER.
_COMMAND = re.compile(r"(?P<speaker>\w+)_nohash_\d+")
_MOST_OF_A_WORD = 2**27


def _speechcommands(folder: Path) -> dict[str, Any]:
    """The parts that its authors name (Warden, 2018): a tenth of the speakers each for development and test."""
    from lhotse import Recording, RecordingSet, SupervisionSegment, SupervisionSet

    parts: dict[str, list[tuple[Recording, SupervisionSegment]]] = {"train": [], "dev": [], "test": []}
    for path in sorted([*folder.glob("*/*_nohash_*.wav"), *folder.glob("*/*_nohash_*.flac")]):
        if not (name := _COMMAND.fullmatch(path.stem)):
            continue
        word, speaker = path.parent.name, name["speaker"]
        recording = Recording.from_file(path, f"{word}-{path.stem}")
        spoken = SupervisionSegment(
            recording.id, recording.id, 0.0, recording.duration, text=word, speaker=speaker
        )
        parts[_part_of(speaker)].append((recording, spoken))
    return {
        part: _cuts(RecordingSet.from_recordings(recordings), SupervisionSet.from_segments(spoken))
        for part, pairs in parts.items()
        if pairs
        for recordings, spoken in [zip(*pairs, strict=True)]
    }


def _part_of(speaker: str) -> str:
    percent = (
        int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % _MOST_OF_A_WORD * 100 / (_MOST_OF_A_WORD - 1)
    )
    return "dev" if percent < 10 else "test" if percent < 20 else "train"


def _kaldi(folder: Path) -> dict[str, Any]:
    from lhotse.kaldi import load_kaldi_data_dir, load_kaldi_text_mapping

    for name in ("wav.scp", "text", "utt2spk"):
        if not (folder / name).exists():
            raise CorpusError(f"{folder}: lacks {name}; a Kaldi data folder is expected")
    paths = load_kaldi_text_mapping(folder / "wav.scp")
    rate_hz = _sample_rate_hz(next(iter(paths.values()), ""), folder)
    try:
        recordings, supervisions, _ = load_kaldi_data_dir(folder, rate_hz)
    except (AssertionError, KeyError):
        raise CorpusError(
            f"{folder}: wav.scp, text, utt2spk and segments name different utterances"
        ) from None
    return {folder.name: _cuts(recordings, supervisions)}


def _sample_rate_hz(path: str, folder: Path) -> int:
    try:
        return int(soundfile.info(path).samplerate)
    except (soundfile.LibsndfileError, TypeError):
        raise CorpusError(
            f"{folder}: wav.scp names '{path}'; paths of recordings are expected, no pipes"
        ) from None


def _lhotse(folder: Path) -> dict[str, Any]:
    import lhotse

    parts = {_part_name(path): lhotse.load_manifest(path) for path in sorted(folder.glob("*cuts*.jsonl*"))}
    for path in sorted(folder.glob("*recordings*.jsonl*")):
        supervisions = path.with_name(path.name.replace("recordings", "supervisions"))
        if not supervisions.exists():
            raise CorpusError(f"{folder}: lacks {supervisions.name}, which belongs to {path.name}")
        parts[_part_name(path)] = _cuts(lhotse.load_manifest(path), lhotse.load_manifest(supervisions))
    return parts


def _part_name(path: Path) -> str:
    return path.name.partition(".jsonl")[0]


def _cuts(recordings: Any, supervisions: Any) -> Any:
    from lhotse import CutSet

    cuts = CutSet.from_manifests(recordings=recordings, supervisions=supervisions)
    return cuts.trim_to_supervisions(keep_overlapping=False)


def _quiet() -> contextlib.AbstractContextManager[Any]:
    """The recipes draw progress bars that tell nothing here."""
    return contextlib.redirect_stderr(io.StringIO())


KINDS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "librispeech": _librispeech,
    "commonvoice": _commonvoice,
    "speechcommands": _speechcommands,
    "kaldi": _kaldi,
    "lhotse": _lhotse,
}
