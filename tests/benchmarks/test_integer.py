import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.integer import main
from tests.networks import random_integer_model, random_model

AN4 = Path(__file__).parents[1] / "data" / "an4"


def manifest(folder, name):
    entry = json.loads((AN4 / "manifest.jsonl").read_text(encoding="utf-8").splitlines()[0])
    entry["audio"] = str(AN4 / entry["audio"])
    (folder / f"{name}.jsonl").write_text(json.dumps(entry) + "\n", encoding="utf-8")


def test_every_engine_that_runs_a_model_is_compared_with_the_first_in_floats(tmp_path):
    manifest(tmp_path, "dev-an4")
    manifest(tmp_path, "dev-synthetic")
    plain, _ = random_model(tmp_path)
    models = [str(plain), str(random_integer_model(tmp_path))]
    arguments = ["--data", str(tmp_path), "--beam", "1", "--results", str(tmp_path)]
    outcome = CliRunner().invoke(main, [*arguments, "--model", models[0], "--model", models[1]])
    assert outcome.exit_code == 0, outcome.output
    rows = json.loads((tmp_path / "integer.json").read_text(encoding="utf-8"))["results"]["rows"]
    assert [(row["model"], row["engine"], row["set"]) for row in rows] == [
        ("tiny", "reference", "dev-an4"),
        ("tiny", "reference", "dev-synthetic"),
        ("tiny-integer", "reference", "dev-an4"),
        ("tiny-integer", "reference", "dev-synthetic"),
        ("tiny-integer", "integer", "dev-an4"),
        ("tiny-integer", "integer", "dev-synthetic"),
    ]
    assert [row["errors_to_first"] for row in rows[:2]] == [1, 1]
    assert {row["words"] for row in rows} == {5}
