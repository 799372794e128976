"""Files of phrases and of names."""

import re

import pytest

from stapes.decode import read_phrases
from stapes.errors import ConfigError


def test_a_line_holds_a_phrase_its_weight_and_its_written_form(tmp_path):
    home, names = tmp_path / "home.txt", tmp_path / "names.txt"
    home.write_text(
        "\ufeff# at home\ncall @contact\t2\n\n  tee vee => TV\nstudio flat\tmuch\n", encoding="utf-8"
    )
    names.write_text("Nguyen\nwin => Nguyen\t0.5\n", encoding="utf-8")
    phrases = read_phrases(home, {"contact": names})
    assert [str(problem) for problem in phrases.problems] == [
        "phrases: 'studio flat' has the weight nan; above 0 and at most 10 is accepted"
    ]
    words = ["call", "win", "on", "tee", "vee"]
    assert [form.text for form in phrases.written(words)] == ["call", "Nguyen", "on", "TV"]


def test_the_weight_of_a_line_counts(tmp_path):
    vocabulary = ["<blk>", "<unk>", *"▁zoe"]
    scores = []
    for weight in ("1", "2"):
        (tmp_path / "one.txt").write_text(f"zoe\t{weight}\n")
        biasing = read_phrases(tmp_path / "one.txt", {}).compile(vocabulary)
        scores.append(biasing.final(None) + sum(_steps(biasing, [2, 3, 4, 5])))
    assert scores[1] == pytest.approx(2 * scores[0], abs=1e-2)
    assert scores[0] > 0


def _steps(biasing, labels):
    state = biasing.start()
    for label in labels:
        yield float(biasing.scores(state)[label])
        state = biasing.step(state, label)


def test_classes_alone_are_told_to_be_of_no_use(tmp_path):
    (tmp_path / "names.txt").write_text("nguyen\n")
    phrases = read_phrases(None, {"contact": tmp_path / "names.txt"})
    assert [str(problem) for problem in phrases.problems] == [
        "@contact: '@contact' is named in no phrase that is listened for"
    ]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_told(tmp_path, content):
    path = tmp_path / "home.txt"
    if content is not None:
        path.write_bytes(content)
    message = f"{path}: cannot be read; a text file in UTF-8 with one phrase a line is expected"
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_phrases(path, {})
