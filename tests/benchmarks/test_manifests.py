"""Data come from a named folder or not at all."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from benchmarks import manifests
from benchmarks.wer import main as wer
from stapes.corpus import Utterance


def test_a_missing_manifest_names_the_verb_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(
        click.UsageError, match=r"test-an4.jsonl is not there; .*`stapes corpus prepare DATA OUT`"
    ):
        manifests.load(tmp_path, "test-an4")


def test_data_have_no_default() -> None:
    outcome = CliRunner().invoke(wer, [])
    assert outcome.exit_code == 2
    assert "Missing option '--data'" in outcome.output


def test_a_subset_is_spread_evenly() -> None:
    assert manifests.thin(list(range(10)), 3) == [0, 3, 6]
    assert manifests.thin([1, 2], 3) == [1, 2]
    assert manifests.thin([1, 2], None) == [1, 2]


def test_the_checksum_tells_other_recordings_and_other_texts() -> None:
    def checksum(*pairs: tuple[str, str]) -> str:
        return manifests.checksum([Utterance(id_, Path("a.wav"), text, 1.0) for id_, text in pairs])

    assert checksum(("a", "one")) == checksum(("a", "one"))
    assert len({checksum(("a", "one")), checksum(("b", "one")), checksum(("a", "two")), checksum()}) == 4
