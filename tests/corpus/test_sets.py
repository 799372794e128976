import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stapes.cli.corpus import command
from stapes.corpus import prepare, read_manifest, read_sentences
from stapes.errors import CorpusError


def entry(id: str, text: str, speaker: str | None = None) -> dict[str, object]:
    return {"id": id, "audio": f"{id}.flac", "text": text, "duration": 1.0, "speaker": speaker}


def write_set(path: Path, entries: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    for line in entries:
        (path.parent / str(line["audio"])).touch()
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    people = [f"p{number}" for number in range(12)]
    write_set(data / "an4/train.jsonl", [entry(f"a{name}", "YES", name) for name in people])
    write_set(data / "an4/test.jsonl", [entry("t1", "enter 9", "q1")])
    write_set(
        data / "keywords/manifest.jsonl", [entry(f"alexa-{number}", "alexa") for number in (1, 280, 300)]
    )
    write_set(data / "digits/manifest.jsonl", [entry(f"d{name}", "one", name) for name in people[:3]])
    write_set(data / "single-words/manifest.jsonl", [entry(f"w{name}", "bed", name) for name in people])
    write_set(
        data / "synthetic-en/train.jsonl",
        [entry("k1", "open the door", "am_adam"), entry("k2", "book a table", "am_adam")],
    )
    write_set(data / "synthetic-en/dev.jsonl", [entry("k3", "close the door", "af_nova")])
    (data / "text/snips").mkdir(parents=True)
    (data / "text/snips/test.jsonl").write_text(json.dumps({"text": "book a table", "intent": "x"}) + "\n")
    return data


def test_every_set_lands_where_it_belongs(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "manifests"
    prepared = prepare(data, out)
    read = {path.stem: read_manifest(path, check_audio=True) for path in out.glob("*.jsonl")}
    assert set(read) == set(prepared.manifests) == {
        "train", "dev-an4", "dev-synthetic", "test-an4", "test-keywords", "test-digits", "test-words",
    }  # fmt: skip
    assert {u.set for u in read["train"]} == {"an4", "keywords", "digits", "words", "synthetic"}
    assert [u.id for u in read["train"] if u.set == "keywords"] == ["keywords-alexa-1"]
    assert [u.id for u in read["test-keywords"]] == ["keywords-alexa-300"]
    assert len(read["dev-an4"]) == 8
    assert {u.text for u in read["dev-an4"]} == {"yes"}
    assert [u.text for u in read["test-an4"]] == ["enter nine"]


def test_sentences_of_text_tests_are_left_out(data: Path, tmp_path: Path) -> None:
    prepared = prepare(data, tmp_path / "out")
    assert [u.id for u in prepared.manifests["train"] if u.set == "synthetic"] == ["synthetic-k1"]
    assert prepared.left_out == {"synthetic": 1}


def test_recombined_sentences_join_the_others_and_none_is_held_out(data: Path, tmp_path: Path) -> None:
    rows = [
        ("play two songs", 5, 8),
        ("open six doors", 5, 8),
        ("close the door", 6, 9),
    ]  # the last is in dev
    lines = [
        json.dumps({"text": text, "slots": [{"slot": "x", "start": start, "end": end}]})
        for text, start, end in rows
    ]
    (data / "text/snips/train.jsonl").write_text("\n".join(lines) + "\n")
    plain = prepare(data, tmp_path / "plain").sentences
    sentences = prepare(data, tmp_path / "out", recombined=100).sentences
    assert set(sentences) - set(plain) == {"play six songs", "open two doors"}
    assert sentences[: len(plain)] == plain
    assert read_sentences(tmp_path / "out/text.txt") == sentences


def test_sentences_for_a_language_model_hold_nothing_that_is_measured_on(data: Path, tmp_path: Path) -> None:
    (data / "text/snips/train.jsonl").write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in ("Play 2 songs", "Book a table", "enter nine"))
    )
    (data / "text/more.txt").write_text("play two songs\nrain tomorrow\n\n")
    prepared = prepare(data, tmp_path / "out")
    assert {"play two songs", "rain tomorrow"} <= set(prepared.sentences)
    assert not {"book a table", "enter nine", "yes", ""} & set(prepared.sentences)
    assert len(set(prepared.sentences)) == len(prepared.sentences)
    assert {u.text for u in prepared.manifests["train"] if u.set == "synthetic"} <= set(prepared.sentences)
    assert read_sentences(tmp_path / "out/text.txt") == prepared.sentences


def test_further_speech_is_guarded(data: Path, tmp_path: Path) -> None:
    more = write_set(
        tmp_path / "more/m.jsonl",
        [
            entry("x1", "play some jazz", "bm_fable"),
            entry("x2", "Close the door.", "bm_fable"),
            entry("x3", "play some blues", "0.5*bm_fable+0.5*bf_lily"),
        ],
    )
    prepared = prepare(data, tmp_path / "out", [("synthetic", more)])
    ids = [u.id for u in prepared.manifests["train"] if u.set == "synthetic"]
    assert ids == ["synthetic-k1", "synthetic-x1"]
    assert prepared.left_out == {"synthetic": 3}


def test_what_is_measured_elsewhere_is_kept_out_of_training_and_of_text(data: Path, tmp_path: Path) -> None:
    more = write_set(
        tmp_path / "more/m.jsonl",
        [entry("l1", "we row boats", "l"), entry("l2", "rain falls", "l"), entry("l3", "i see a fox", "m")],
    )
    elsewhere = write_set(
        tmp_path / "else/m.jsonl", [entry("e1", "We row boats.", "n"), entry("e2", "snow", "m")]
    )
    (data / "text/more.txt").write_text("we row boats\nrain tomorrow\n")
    options = ["--extra", f"learners={more}", "--measured", f"learners={elsewhere}"]
    found = CliRunner().invoke(command, ["prepare", str(data), str(tmp_path / "out"), *options])
    assert found.exit_code == 0, found.output
    assert "left out of training: 2 of learners" in found.output
    train = read_manifest(tmp_path / "out/train.jsonl")
    assert [u.id for u in train if u.set == "learners"] == ["learners-l2"]
    assert not {"we row boats", "i see a fox"} & set(read_sentences(tmp_path / "out/text.txt"))
    assert "rain tomorrow" in read_sentences(tmp_path / "out/text.txt")


def test_sets_may_be_missing_but_not_all(data: Path, tmp_path: Path) -> None:
    only = tmp_path / "only"
    only.mkdir()
    (data / "digits").rename(only / "digits")
    assert set(prepare(only, tmp_path / "out").manifests) == {"train", "test-digits"}
    with pytest.raises(
        CorpusError, match="nothing to train on; at least one of the folders an4, keywords, digits"
    ):
        prepare(tmp_path / "empty", tmp_path / "out")


def test_an_id_used_twice_is_refused(data: Path, tmp_path: Path) -> None:
    more = write_set(tmp_path / "more/m.jsonl", [entry("k1", "play some jazz", "bm_fable")])
    with pytest.raises(
        CorpusError, match=r"synthetic-k1: names both .*k1.flac and .*k1.flac; ids that are unique"
    ):
        prepare(data, tmp_path / "out", [("synthetic", more)])


def test_command_line(data: Path, tmp_path: Path) -> None:
    more = write_set(tmp_path / "more/m.jsonl", [entry("x1", "play some jazz", "bm_fable")])
    arguments = ["prepare", str(data), str(tmp_path / "out"), "--extra", f"synthetic={more}"]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "test-an4             1 utterances" in result.output
    assert "left out of training: 1 of synthetic" in result.output
    assert "synthetic-x1" in (tmp_path / "out/train.jsonl").read_text()


def test_a_malformed_extra_is_explained(data: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["prepare", str(data), str(tmp_path), "--extra", "more.jsonl"])
    assert result.exit_code == 2
    assert "'more.jsonl'; SET=MANIFEST is expected" in " ".join(result.output.split())
