"""Sentences out of a dictionary."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from stapes.cli.corpus import command
from stapes.corpus.sentences import dictionary_examples
from stapes.errors import CorpusError

NOUNS = """00001740 03 n 01 lamp 0 001 @ 00001930 n 0000 | gives light; "she lit the lamp"; "Lamp"
00001930 03 n 01 loss 0 001 @ 00001740 n 0000 | a "quote that never ends; sold at
00002137 03 n 01 hour 0 001 @ 00001740 n 0000 | sixty minutes; "It took 2 hours"; "she lit the lamp"
"""


def test_examples_are_the_quoted_phrases_of_each_line(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(NOUNS)
    (tmp_path / "data.adv").write_text('00001740 02 r 01 so 0 000 | thus; "so be it"\n')
    assert dictionary_examples(tmp_path) == ["she lit the lamp", "it took two hours", "so be it"]


def test_the_verb_writes_them(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(NOUNS)
    out = tmp_path / "examples.txt"
    result = CliRunner().invoke(command, ["examples", str(tmp_path), str(out)])
    assert result.exit_code == 0, result.output
    assert out.read_text() == "she lit the lamp\nit took two hours\n"


def test_a_folder_without_a_dictionary_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"holds no data\.noun, data\.verb, data\.adj or data\.adv"):
        dictionary_examples(tmp_path)
