from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from stapes.cli.corpus import command
from stapes.corpus import Utterance, import_corpus, read_manifest, to_cuts
from stapes.errors import CorpusError


def write_tone(path: Path, seconds: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(int(16000 * seconds)) / 7), 16000)
    return path


def rows(path: Path) -> list[tuple[str, str, str | None, float, float, str | None]]:
    return [
        (u.id, u.text, u.speaker, u.start, u.duration, u.set) for u in read_manifest(path, check_audio=True)
    ]


def test_librispeech(tmp_path: Path) -> None:
    corpus = tmp_path / "LibriSpeech"
    chapter = corpus / "train-clean-5" / "84" / "121"
    for number, seconds in ((0, 0.5), (1, 0.7)):
        write_tone(chapter / f"84-121-000{number}.flac", seconds)
    (chapter / "84-121.trans.txt").write_text("84-121-0000 GO DO YOU HEAR\n84-121-0001 BUT IN LESS\n")
    parts = import_corpus("librispeech", corpus, tmp_path / "out")
    assert list(parts) == ["train-clean-5"]
    assert rows(tmp_path / "out" / "train-clean-5.jsonl") == [
        ("84-121-0000", "go do you hear", "84", 0.0, 0.5, "librispeech"),
        ("84-121-0001", "but in less", "84", 0.0, 0.7, "librispeech"),
    ]


def test_speech_commands(tmp_path: Path) -> None:
    corpus = tmp_path / "speech_commands"
    # The parts of these speakers are those of validation_list.txt and testing_list.txt of version 0.02.
    names = ("bed/00176480_nohash_0", "bed/026290a7_nohash_1", "left/0c40e715_nohash_0", "left/notes")
    for name in names:
        write_tone(corpus / f"{name}.wav", 1.0)
    (corpus / "_background_noise_").mkdir()
    import_corpus("speechcommands", corpus, tmp_path / "out")
    assert rows(tmp_path / "out" / "train.jsonl") == [
        ("bed-00176480_nohash_0", "bed", "00176480", 0.0, 1.0, "speechcommands")
    ]
    assert [row[0] for row in rows(tmp_path / "out" / "dev.jsonl")] == ["bed-026290a7_nohash_1"]
    assert [row[0] for row in rows(tmp_path / "out" / "test.jsonl")] == ["left-0c40e715_nohash_0"]


COMMON_VOICE = [
    "client_id",
    "path",
    "sentence",
    "up_votes",
    "down_votes",
    "age",
    "gender",
    "accents",
    "variant",
]


def test_commonvoice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The recipe starts processes, each of which would import lhotse again.
    monkeypatch.setattr(
        "lhotse.recipes.commonvoice.ProcessPoolExecutor", lambda **_: ThreadPoolExecutor(max_workers=1)
    )
    lines = [COMMON_VOICE]
    for number, sentence in enumerate(['It costs $5, "really".', "…"]):
        write_tone(tmp_path / f"cv/en/clips/c{number}.mp3", 0.6)
        lines.append([f"client{number}", f"c{number}.mp3", sentence, "2", "0", "", "", "", ""])
    (tmp_path / "cv/en/train.tsv").write_text("\n".join("\t".join(line) for line in lines), encoding="utf-8")
    import_corpus("commonvoice", tmp_path / "cv", tmp_path / "out")
    (row,) = rows(tmp_path / "out" / "train.jsonl")
    assert row[:3] == ("c0", "it costs five dollars really", "client0")
    assert row[5] == "commonvoice"


@pytest.fixture
def kaldi(tmp_path: Path) -> Path:
    folder = tmp_path / "kaldi" / "train"
    for name in ("r1", "r2"):
        write_tone(folder / f"{name}.wav", 2.0)
    (folder / "wav.scp").write_text(f"r1 {folder}/r1.wav\nr2 {folder}/r2.wav\n")
    return folder


def test_kaldi_with_segments(kaldi: Path, tmp_path: Path) -> None:
    (kaldi / "segments").write_text("u1 r1 0.25 1.00\nu2 r1 1.00 1.75\n")
    (kaldi / "text").write_text("u1 Hello there\nu2 good-bye\n")
    (kaldi / "utt2spk").write_text("u1 anna\nu2 bert\n")
    import_corpus("kaldi", kaldi, tmp_path / "out")
    assert rows(tmp_path / "out" / "train.jsonl") == [
        ("u1", "hello there", "anna", 0.25, 0.75, "kaldi"),
        ("u2", "good bye", "bert", 1.0, 0.75, "kaldi"),
    ]


def test_kaldi_without_segments(kaldi: Path, tmp_path: Path) -> None:
    (kaldi / "text").write_text("r1 hello\nr2 bye\n")
    (kaldi / "utt2spk").write_text("r1 anna\nr2 bert\n")
    import_corpus("kaldi", kaldi, tmp_path / "out")
    assert rows(tmp_path / "out" / "train.jsonl") == [
        ("r1", "hello", "anna", 0.0, 2.0, "kaldi"),
        ("r2", "bye", "bert", 0.0, 2.0, "kaldi"),
    ]


def test_kaldi_folders_are_checked(kaldi: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="lacks text; a Kaldi data folder is expected"):
        import_corpus("kaldi", kaldi, tmp_path / "out")
    (kaldi / "text").write_text("r1 hello\n")
    (kaldi / "utt2spk").write_text("r1 anna\n")
    with pytest.raises(CorpusError, match=r"wav.scp, text, utt2spk and segments name different utterances"):
        import_corpus("kaldi", kaldi, tmp_path / "out")
    (kaldi / "wav.scp").write_text("r1 sox a.wav - |\n")
    with pytest.raises(
        CorpusError, match=r"wav.scp names 'sox a.wav - \|'; paths of recordings are expected"
    ):
        import_corpus("kaldi", kaldi, tmp_path / "out")


def test_lhotse_recordings_and_supervisions(tmp_path: Path) -> None:
    utterances = [Utterance(n, write_tone(tmp_path / f"{n}.wav", 1.0), "Hi!", 1.0, "anna") for n in "ab"]
    recordings, supervisions, _ = to_cuts(utterances).decompose()
    folder = tmp_path / "lhotse"
    folder.mkdir()
    recordings.to_file(folder / "my_recordings_dev.jsonl.gz")
    with pytest.raises(CorpusError, match="lacks my_supervisions_dev"):
        import_corpus("lhotse", folder, tmp_path / "out")
    supervisions.to_file(folder / "my_supervisions_dev.jsonl.gz")
    import_corpus("lhotse", folder, tmp_path / "out")
    expected = [(n, "hi", "anna", 0.0, 1.0, "lhotse") for n in "ab"]
    assert rows(tmp_path / "out" / "my_recordings_dev.jsonl") == expected


def test_lhotse_cuts(tmp_path: Path) -> None:
    utterance = Utterance("a", write_tone(tmp_path / "a.wav", 1.0), "Hi!", 0.5, "anna", 0.25)
    (tmp_path / "lhotse").mkdir()
    to_cuts([utterance]).to_file(tmp_path / "lhotse" / "cuts_dev.jsonl.gz")
    import_corpus("lhotse", tmp_path / "lhotse", tmp_path / "out")
    assert rows(tmp_path / "out" / "cuts_dev.jsonl") == [("a", "hi", "anna", 0.25, 0.5, "lhotse")]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            "timit",
            "corpus 'timit': one of librispeech, commonvoice, speechcommands, kaldi, lhotse is expected",
        ),
        ("librispeech", "holds no part of LibriSpeech; folders such as train-clean-100 are expected"),
        ("commonvoice", "holds no English Common Voice; en/train.tsv and en/clips are expected"),
        ("speechcommands", "holds no labelled recording of a speechcommands corpus"),
        ("kaldi", "lacks wav.scp; a Kaldi data folder is expected"),
        ("lhotse", "holds no labelled recording of a lhotse corpus"),
    ],
)
def test_a_folder_of_another_layout_is_told(kind: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=message):
        import_corpus(kind, tmp_path, tmp_path / "out")


def test_command_line_and_a_missing_folder(kaldi: Path, tmp_path: Path) -> None:
    (kaldi / "text").write_text("r1 hello\nr2 bye\n")
    (kaldi / "utt2spk").write_text("r1 anna\nr2 bert\n")
    arguments = ["import", "kaldi", str(kaldi), str(tmp_path / "out")]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert "train                2 utterances" in result.output
    with pytest.raises(CorpusError, match="none: no such folder; a kaldi corpus is expected"):
        import_corpus("kaldi", tmp_path / "none", tmp_path / "out")
