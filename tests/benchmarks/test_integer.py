import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from benchmarks.integer import Heard, as_trained, compare, interval, main
from stapes.codec import Float32
from stapes.compress import Budget, compress, pack
from stapes.corpus import read_manifest
from stapes.engine import load, native_module
from tests.networks import random_integer_model, random_model, speaking_checkpoint

AN4 = Path(__file__).parents[1] / "data" / "an4"


def manifest(folder, name):
    entry = json.loads((AN4 / "manifest.jsonl").read_text(encoding="utf-8").splitlines()[0])
    entry["audio"] = str(AN4 / entry["audio"])
    (folder / f"{name}.jsonl").write_text(json.dumps(entry) + "\n", encoding="utf-8")


def rows_of(folder, *options):
    manifest(folder, "dev-an4")
    manifest(folder, "dev-synthetic")
    arguments = ["--data", str(folder), "--beam", "1", "--results", str(folder)]
    outcome = CliRunner().invoke(main, [*arguments, *map(str, options)])
    assert outcome.exit_code == 0, outcome.output
    return json.loads((folder / "integer.json").read_text(encoding="utf-8"))["results"]["rows"]


def test_every_engine_that_runs_a_model_is_compared_with_the_first(tmp_path):
    plain, _ = random_model(tmp_path)
    rows = rows_of(tmp_path, "--model", plain, "--model", random_integer_model(tmp_path))
    assert [(row["model"], row["engine"]) for row in rows] == [
        ("tiny", "reference"),
        ("tiny-integer", "reference"),
        ("tiny-integer", "integer" if native_module() is None else "native"),
    ]
    assert rows[0]["errors_to_first"] == {"dev-an4": 1, "dev-synthetic": 1}
    assert {row["recordings"]["dev-an4"] for row in rows} == {1}


def test_a_packed_network_is_compared_with_the_same_as_it_was_trained(tmp_path):
    checkpoint, packed = speaking_checkpoint(tmp_path), tmp_path / "packed.stapes"
    compress(checkpoint, packed, Budget(size_bytes=40_000), read_manifest(AN4 / "manifest.jsonl")[:2])
    rows = rows_of(tmp_path, "--checkpoint", checkpoint, "--model", packed)
    assert [(row["model"], row["engine"]) for row in rows] == [
        ("as trained", "reference"),
        ("packed", "integer" if native_module() is None else "native"),
    ]


def test_the_network_as_it_was_trained_keeps_its_weights(tmp_path):
    checkpoint, packed = speaking_checkpoint(tmp_path), tmp_path / "packed.stapes"
    compress(checkpoint, packed, Budget(size_bytes=40_000), read_manifest(AN4 / "manifest.jsonl")[:2])
    pack(checkpoint, tmp_path / "exact.stapes", Float32())
    sound = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    exact, found, in_few_bits = (
        network.accept(sound, network.init_state())[0]
        for network in (
            load(tmp_path / "exact.stapes", "reference"),
            as_trained(checkpoint, packed),
            load(packed, "reference"),
        )
    )
    assert np.abs(found - exact).max() < 1e-4 < np.abs(in_few_bits - exact).max()


def test_errors_are_divided_set_by_set_and_in_all():
    first = Heard({"a": 10, "b": 20}, {"a": [1, 1], "b": [0, 2]}, 0.1)
    own = Heard({"a": 10, "b": 20}, {"a": [2, 1], "b": [1, 2]}, 0.1)
    compared = compare(own, first)
    assert compared["wer"] == {"a": 0.3, "b": 0.15}
    assert compared["errors_to_first"] == {"a": 1.5, "b": 1.5}
    assert compared["all"]["word_errors"] == 6
    assert compared["all"]["errors_to_first"] == 1.5


def test_the_interval_is_of_pairs():
    same = np.array([[1, 0, 3, 1] * 20, [1, 0, 3, 1] * 20])
    assert interval(same) == (1, 1)
    low, high = interval(np.array([[1, 0, 3, 2] * 20, [1, 0, 2, 2] * 20]))
    assert 1 < low < 1.2 < high < 1.4
