"""Manifests: one JSON object a line that says which recording holds which words.

A line holds ``id``, ``audio`` (a path, relative to the folder of the manifest), ``text`` (spoken form, may be
empty for a recording without speech), ``duration`` in seconds, and optionally ``speaker``, ``start`` (seconds
into the file, 0 by default) and ``set`` (the corpus it came from, by which a recipe weights). Other keys are
ignored. Cut manifests of lhotse (``.jsonl`` or ``.jsonl.gz``) are read as well.
"""

import gzip
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stapes.errors import CorpusError, MissingExtraError


@dataclass(frozen=True)
class Utterance:
    """A labelled stretch of a recording.

    Args:
        id: unique within a manifest.
        audio: the recording, as a path that can be opened.
        text: the words spoken; empty where nobody speaks.
        duration: seconds, above 0.
        speaker: who speaks, or None where it is not known.
        start: where the stretch begins in the recording, in seconds, at least 0.
        set: the corpus it came from, or None.
    """

    id: str
    audio: Path
    text: str
    duration: float
    speaker: str | None = None
    start: float = 0.0
    set: str | None = None


def read_manifest(path: Path, check_audio: bool = False) -> list[Utterance]:
    """Read a manifest of stapes or a cut manifest of lhotse, plain or gzipped.

    Args:
        path: the JSON lines file.
        check_audio: also require that every recording exists.

    Raises:
        CorpusError: the file is missing or no JSON lines, a line lacks a key or holds a wrong value, an id
            comes twice, or a recording is missing; the message begins with file:line.
    """
    path = Path(path)
    seen: dict[str, int] = {}
    utterances = []
    for number, entry in _read_entries(path):
        where = f"{path}:{number}"
        utterance = (
            _from_cut_entry(entry, where) if "type" in entry else _from_entry(entry, path.parent, where)
        )
        if utterance.id in seen:
            raise CorpusError(
                f"{where}: the id '{utterance.id}' was already used in line {seen[utterance.id]}"
            )
        if check_audio and not utterance.audio.is_file():
            raise CorpusError(f"{where}: the recording {utterance.audio} does not exist")
        seen[utterance.id] = number
        utterances.append(utterance)
    return utterances


def write_manifest(path: Path, utterances: Iterable[Utterance]) -> None:
    """Write ``utterances`` as JSON lines; recordings are named relative to the folder of ``path``."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        for utterance in utterances:
            file.write(format_line(utterance, path.parent))
    partial.replace(path)


def resume_manifest(path: Path) -> list[Utterance]:
    """The utterances that a run which may have been stopped has written to ``path``; none if it is missing.

    A line that it left unfinished is removed, so that the next one can be appended.

    Raises:
        CorpusError: as for `read_manifest`.
    """
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        partial_file = path.with_name(path.name + ".partial")
        partial_file.write_bytes(whole)
        partial_file.replace(path)
    return read_manifest(path)


def format_line(utterance: Utterance, folder: Path) -> str:
    """The manifest line of ``utterance``, newline included, for a manifest that lies in ``folder``."""
    entry: dict[str, Any] = {
        "id": utterance.id,
        "audio": _relative(utterance.audio, folder),
        "text": utterance.text,
        "duration": utterance.duration,
    }
    if utterance.speaker is not None:
        entry["speaker"] = utterance.speaker
    if utterance.start:
        entry["start"] = utterance.start
    if utterance.set is not None:
        entry["set"] = utterance.set
    return json.dumps(entry, ensure_ascii=False) + "\n"


def summary(manifests: Mapping[str, Sequence[Utterance]]) -> list[tuple[str, int, float, int]]:
    """For every manifest its name, utterances, hours and known speakers."""
    return [
        (
            name,
            len(utterances),
            sum(u.duration for u in utterances) / 3600,
            len({(u.set, u.speaker) for u in utterances if u.speaker}),
        )
        for name, utterances in manifests.items()
    ]


def to_cuts(utterances: Iterable[Utterance]) -> Any:
    """The same utterances as a ``lhotse.CutSet``, one cut and one supervision each.

    Recordings are opened, for their length.

    Raises:
        CorpusError: a recording does not exist.
    """
    lhotse = _import_lhotse()
    return lhotse.CutSet.from_cuts(_to_cut(lhotse, utterance) for utterance in utterances)


def from_cuts(cuts: Iterable[Any]) -> list[Utterance]:
    """Utterances of the cuts of a ``lhotse.CutSet``; texts of several supervisions are joined.

    Raises:
        CorpusError: a cut has no recording in a file, or is a mixture of cuts.
    """
    return [_from_cut(cut, f"cut {cut.id}") for cut in cuts]


def _read_entries(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _parse(line, f"{path}:{number}")
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file; a manifest (JSON lines) is expected") from None
    except (UnicodeDecodeError, IsADirectoryError, gzip.BadGzipFile, EOFError):
        raise CorpusError(
            f"{path}: not a manifest; a text file with one JSON object a line is expected"
        ) from None


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{where}: not JSON ({error}); one JSON object a line is expected") from None
    if not isinstance(entry, dict):
        raise CorpusError(f"{where}: one JSON object a line is expected, got {type(entry).__name__}")
    return entry


def _from_entry(entry: dict[str, Any], folder: Path, where: str) -> Utterance:
    audio = _string(entry, "audio", where)
    if not audio:
        raise CorpusError(f"{where}: 'audio' is empty; the path of a recording is expected")
    return Utterance(
        id=_string(entry, "id", where),
        audio=folder / audio,
        text=_string(entry, "text", where),
        duration=_seconds(entry, "duration", where, above_zero=True),
        speaker=None if entry.get("speaker") is None else _string(entry, "speaker", where),
        start=_seconds(entry, "start", where) if "start" in entry else 0.0,
        set=None if entry.get("set") is None else _string(entry, "set", where),
    )


def _string(entry: dict[str, Any], key: str, where: str) -> str:
    if key not in entry:
        raise CorpusError(f"{where}: '{key}' is missing; id, audio, text and duration are expected")
    value = entry[key]
    if not isinstance(value, str):
        raise CorpusError(f"{where}: '{key}' is {value!r}; a string is expected")
    return value


def _seconds(entry: dict[str, Any], key: str, where: str, above_zero: bool = False) -> float:
    if key not in entry:
        raise CorpusError(f"{where}: '{key}' is missing; id, audio, text and duration are expected")
    value = entry[key]
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or value < 0 or (above_zero and value == 0):
        limit = "above 0" if above_zero else "of at least 0"
        raise CorpusError(f"{where}: '{key}' is {value!r}; seconds {limit} are expected")
    return float(value)


def _relative(audio: Path, folder: Path) -> str:
    # A path with ".." in it is right only between folders without links.
    audio, folder = audio.resolve(), folder.resolve()
    try:
        return Path(os.path.relpath(audio, folder)).as_posix()
    except ValueError:  # another drive, where no relative path leads
        return audio.as_posix()


def _import_lhotse() -> Any:
    try:
        import lhotse
    except ImportError:
        raise MissingExtraError("lhotse", "train", "Exchanging manifests with lhotse") from None
    return lhotse


def _to_cut(lhotse: Any, utterance: Utterance) -> Any:
    if not utterance.audio.is_file():
        raise CorpusError(f"{utterance.id}: the recording {utterance.audio} does not exist")
    recording = lhotse.Recording.from_file(utterance.audio, recording_id=utterance.id)
    supervision = lhotse.SupervisionSegment(
        id=utterance.id,
        recording_id=recording.id,
        start=0.0,
        duration=utterance.duration,
        text=utterance.text,
        speaker=utterance.speaker,
    )
    return lhotse.MonoCut(
        id=utterance.id,
        start=utterance.start,
        duration=utterance.duration,
        channel=0,
        recording=recording,
        supervisions=[supervision],
        custom=None if utterance.set is None else {"set": utterance.set},
    )


def _from_cut_entry(entry: dict[str, Any], where: str) -> Utterance:
    lhotse = _import_lhotse()
    try:
        cut = lhotse.serialization.deserialize_item(entry)
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"{where}: not a cut that lhotse can read ({error})") from None
    return _from_cut(cut, where)


def _from_cut(cut: Any, where: str) -> Utterance:
    recording = getattr(cut, "recording", None)
    sources = [source for source in recording.sources if source.type == "file"] if recording else []
    if len(sources) != 1:
        raise CorpusError(f"{where}: a cut of one recording that lies in one file is expected")
    speakers = sorted({s.speaker for s in cut.supervisions if s.speaker})
    return Utterance(
        id=cut.id,
        audio=Path(sources[0].source),
        text=" ".join(s.text for s in cut.supervisions if s.text),
        duration=float(cut.duration),
        speaker=speakers[0] if len(speakers) == 1 else None,
        start=float(cut.start),
        set=(cut.custom or {}).get("set"),
    )
