import gzip
import json
from pathlib import Path

import lhotse
import lhotse.testing.dummies
import numpy as np
import pytest
import soundfile

from stapes.corpus import Utterance, from_cuts, read_manifest, to_cuts, write_manifest
from stapes.errors import CorpusError

GOOD = {"id": "a", "audio": "wav/a.wav", "text": "hello", "duration": 0.5}


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_tone(path: Path, seconds: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(int(16000 * seconds)) / 7), 16000)
    return path


def test_a_line_becomes_an_utterance_with_its_audio_beside_the_manifest(tmp_path: Path) -> None:
    line = {**GOOD, "speaker": "anna", "start": 0.25, "set": "an4", "accent": "gb"}
    path = write_lines(
        tmp_path / "m.jsonl", json.dumps(line), "", json.dumps({**GOOD, "id": "b", "text": ""})
    )
    assert read_manifest(path) == [
        Utterance("a", tmp_path / "wav/a.wav", "hello", 0.5, "anna", 0.25, "an4"),
        Utterance("b", tmp_path / "wav/a.wav", "", 0.5),
    ]


def test_an_absolute_audio_path_is_kept(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "m.jsonl", json.dumps({**GOOD, "audio": "/store/a.wav"}))
    assert read_manifest(path)[0].audio == Path("/store/a.wav")


def without(key: str) -> str:
    return json.dumps({k: v for k, v in GOOD.items() if k != key})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{oops", "not JSON"),
        ("[1]", "one JSON object a line is expected, got list"),
        (without("id"), "'id' is missing; id, audio, text and duration are expected"),
        (without("audio"), "'audio' is missing"),
        (without("text"), "'text' is missing"),
        (without("duration"), "'duration' is missing"),
        (json.dumps({**GOOD, "text": 3}), "'text' is 3; a string is expected"),
        (json.dumps({**GOOD, "audio": ""}), "'audio' is empty"),
        (json.dumps({**GOOD, "duration": -1}), "'duration' is -1; seconds above 0 are expected"),
        (json.dumps({**GOOD, "duration": 0}), "'duration' is 0; seconds above 0 are expected"),
        (json.dumps({**GOOD, "duration": float("nan")}), "'duration' is nan"),
        (json.dumps({**GOOD, "duration": True}), "'duration' is True"),
        (json.dumps({**GOOD, "start": -0.1}), "'start' is -0.1; seconds of at least 0 are expected"),
        (json.dumps({**GOOD, "speaker": 7}), "'speaker' is 7; a string is expected"),
        (json.dumps({**GOOD, "id": "first"}), "the id 'first' was already used in line 1"),
        (json.dumps({**GOOD, "type": "MonoCut"}), "not a cut that lhotse can read"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = write_lines(tmp_path / "m.jsonl", json.dumps({**GOOD, "id": "first"}), line)
    with pytest.raises(CorpusError) as caught:
        read_manifest(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert message in str(caught.value)


def test_a_missing_manifest_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"none.jsonl: no such file; a manifest \(JSON lines\) is expected$"
    ):
        read_manifest(tmp_path / "none.jsonl")


@pytest.mark.parametrize("name", ["sound.wav", "folder", "cut.jsonl.gz"])
def test_what_is_no_text_file_is_refused(tmp_path: Path, name: str) -> None:
    write_tone(tmp_path / "sound.wav", 0.1)
    (tmp_path / "folder").mkdir()
    (tmp_path / "cut.jsonl.gz").write_bytes(b"not gzip")
    with pytest.raises(CorpusError, match="not a manifest"):
        read_manifest(tmp_path / name)


def test_missing_audio_is_found_only_on_request(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "m.jsonl", json.dumps(GOOD))
    assert len(read_manifest(path)) == 1
    with pytest.raises(CorpusError, match=r"m.jsonl:1: the recording .*a.wav does not exist"):
        read_manifest(path, check_audio=True)


def test_writing_and_reading_gives_the_same(tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "store" / "a.wav", 1.0)
    utterances = [
        Utterance("a", audio, "l'été", 0.5, "anna", 0.5, "words"),
        Utterance("b", audio, "", 1.0),
    ]
    path = tmp_path / "deep" / "er" / "m.jsonl"
    write_manifest(path, utterances)
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[0])["audio"] == "../../store/a.wav"
    again = read_manifest(path, check_audio=True)
    assert [u.audio.resolve() for u in again] == [audio, audio]
    assert [(u.id, u.text, u.duration, u.speaker, u.start, u.set) for u in again] == [
        ("a", "l'été", 0.5, "anna", 0.5, "words"),
        ("b", "", 1.0, None, 0.0, None),
    ]
    assert list(path.parent.iterdir()) == [path]


def test_a_manifest_written_through_a_linked_folder_still_finds_its_audio(tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", 0.2)
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "away")
    write_manifest(tmp_path / "link" / "m.jsonl", [Utterance("a", audio, "x", 0.2)])
    assert read_manifest(tmp_path / "link" / "m.jsonl", check_audio=True)


def test_cuts_of_lhotse_there_and_back(tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", 1.0)
    utterances = [
        Utterance("a", audio, "good morning", 0.5, "anna", 0.25, "an4"),
        Utterance("b", audio, "bye", 1.0),
    ]
    cuts = to_cuts(utterances)
    assert [cut.num_samples for cut in cuts] == [8000, 16000]
    assert from_cuts(cuts) == utterances


@pytest.mark.parametrize("name", ["cuts.jsonl", "cuts.jsonl.gz"])
def test_a_cut_manifest_of_lhotse_is_read(tmp_path: Path, name: str) -> None:
    utterance = Utterance("a", write_tone(tmp_path / "a.wav", 1.0), "good morning", 0.5, "anna", 0.25)
    to_cuts([utterance]).to_file(tmp_path / name)
    assert read_manifest(tmp_path / name) == [utterance]


def test_texts_of_several_supervisions_are_joined(tmp_path: Path) -> None:
    cut = next(iter(to_cuts([Utterance("a", write_tone(tmp_path / "a.wav", 1.0), "good", 1.0, "anna")])))
    second = lhotse.SupervisionSegment("s2", cut.recording.id, 0.5, 0.5, text="morning", speaker="bert")
    cut.supervisions.append(second)
    assert from_cuts([cut]) == [Utterance("a", tmp_path / "a.wav", "good morning", 1.0)]


def test_a_cut_without_a_file_is_refused() -> None:
    with pytest.raises(
        CorpusError, match="cut dummy-mono-cut-0001: a cut of one recording that lies in one file"
    ):
        from_cuts([lhotse.testing.dummies.dummy_cut(1)])


def test_cuts_need_their_recording(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"a: the recording .*gone.wav does not exist"):
        to_cuts([Utterance("a", tmp_path / "gone.wav", "x", 1.0)])


def test_gzipped_manifests_are_read(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps(GOOD))
    assert [u.id for u in read_manifest(path)] == ["a"]
