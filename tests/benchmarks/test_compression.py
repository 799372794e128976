from pathlib import Path

import pytest

from benchmarks.compression import Bench
from stapes.compress.trained import read_trained
from stapes.corpus import read_manifest
from tests.networks import speaking_checkpoint

AN4 = Path(__file__).parents[1] / "data" / "an4" / "manifest.jsonl"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return speaking_checkpoint(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def bench(checkpoint: Path) -> Bench:
    return Bench(read_trained(checkpoint), {"a": read_manifest(AN4)[:1], "b": read_manifest(AN4)[1:2]}, None)


def test_fewer_bits_take_fewer_bytes_and_hear_worse(bench: Bench) -> None:
    exact, eight, three = bench.heard({}), bench.everywhere(8), bench.everywhere(3)
    assert exact["divergence"] == pytest.approx(0, abs=1e-6)
    assert exact["divergence"] < eight["divergence"] < three["divergence"]
    assert three["coded_bytes"] < three["bytes"] < eight["coded_bytes"] < eight["bytes"]
    assert set(eight["wer"]) == {"a", "b"}


def test_chosen_codecs_keep_their_size_and_are_heard_in_integers(bench: Bench, checkpoint: Path) -> None:
    facts = bench.chosen(checkpoint, 40_000, beam=1)
    assert facts["bytes"] <= 40_000
    assert set(facts["codecs"]) >= {"lstms.0.weight", "output.weight"}
    assert set(facts["recognised_in_floats"]) == set(facts["recognised_in_integers"]) == {"a", "b"}
