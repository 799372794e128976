import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import safetensors.torch
import soundfile
import torch

from stapes.cli import main
from stapes.corpus import Utterance, read_manifest, write_manifest
from stapes.errors import TrainingError
from stapes.train import checkpoint
from stapes.train import train as train_recipe
from stapes.train.data import BatchMaker, plan_epoch
from stapes.train.history import read_history
from stapes.train.recipe import DataConfig, OptimiserConfig

RECIPE = """
name = "tiny"
licence = "Apache-2.0"
precision = "float32"
evaluate_steps = 4
checkpoint_minutes = 1000

[network]
vocabulary = 30
channels = [2, 3]
hidden = 16
layers = 2
embedding = 6
joint = 8

[data]
batch_seconds = 8
max_seconds = 4
clean_steps = 2
background_share = 0.2

[optimiser]
steps = 8
learning_rate = 3e-3
warmup_steps = 2
decay_steps = 2
"""
WORDS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "zero",
    "jazz",
    "quick",
    "box",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Sixteen recordings of noise with sentences that hold every letter, and a development set."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    utterances = []
    for index in range(16):
        seconds = float(rng.uniform(0.8, 1.6))
        samples = rng.normal(0, 0.1, int(16000 * seconds)).astype(np.float32)
        soundfile.write(folder / f"{index}.flac", samples, 16000)
        text = " ".join(rng.choice(WORDS, 2))
        utterances.append(Utterance(str(index), folder / f"{index}.flac", text, seconds, set="noise"))
    pangram = "the quick brown fox jumps over a lazy dog it's"
    utterances[0] = Utterance(
        "0", folder / "0.flac", pangram[:20].strip(), utterances[0].duration, set="noise"
    )
    write_manifest(folder / "train.jsonl", utterances)
    write_manifest(folder / "dev-noise.jsonl", utterances[:3])
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


def train(data, out, *arguments):
    command = ["train", str(data / "recipe.toml"), "--data", str(data), "--out", str(out), *arguments]
    assert main(command) == 0


def weights(out, name="checkpoint"):
    return safetensors.torch.load_file(out / f"{name}.safetensors")


def test_an_interrupted_run_goes_on_bit_identically(data, tmp_path):
    train(data, tmp_path / "whole", "--workers", "0")
    # The schedule is that of eight steps; the first part ends as if interrupted after five.
    recipe = RECIPE.replace("decay_steps = 2", "decay_steps = 0")
    (data / "constant.toml").write_text(recipe)
    for out, steps in (("constant", [8]), ("parts", [5, 8])):
        for last in steps:
            command = [
                "train",
                str(data / "constant.toml"),
                "--data",
                str(data),
                "--out",
                str(tmp_path / out),
            ]
            assert main([*command, "--set", f"optimiser.steps={last}", "--workers", "1"]) == 0
    whole, parts = weights(tmp_path / "constant"), weights(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    # Another schedule gives other weights: the comparison can fail.
    assert not torch.equal(weights(tmp_path / "whole")["weights.output.bias"], whole["weights.output.bias"])


def test_an_update_moves_hidden_matrices_in_all_directions_alike(data, tmp_path):
    steps = ["--set", "optimiser.decay_steps=0", "--set"]
    train(data, tmp_path, *steps, "optimiser.steps=4")
    before = weights(tmp_path)
    train(data, tmp_path, *steps, "optimiser.steps=5")
    after = weights(tmp_path)

    def spread(name):
        sizes = torch.linalg.svdvals(after[f"weights.{name}"] - before[f"weights.{name}"])
        return float(sizes.max() / sizes.median())

    hidden = [
        *(f"lstms.{layer}.weight_{kind}_l0" for layer in (0, 1) for kind in ("ih", "hh")),
        *(f"{layer}.weight" for layer in ("encoder_projection", "predictor_projection", "context")),
    ]
    assert max(map(spread, hidden)) < 2
    assert min(map(spread, ("output.weight", "ctc.weight"))) > 5


def test_a_signal_to_those_that_make_batches_does_not_end_the_run(data, tmp_path, monkeypatch):
    make = BatchMaker.make

    def signalled(self, *arguments):
        if torch.utils.data.get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
        return make(self, *arguments)

    monkeypatch.setattr(BatchMaker, "make", signalled)
    train(data, tmp_path, "--workers", "1")
    assert read_history(tmp_path / "history.jsonl")[-1]["step"] == 8


def test_a_run_leaves_curves_history_and_the_best_weights(data, tmp_path):
    train(data, tmp_path)
    entries = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in entries if "wer" in entry] == [4, 8]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    best = checkpoint.load(tmp_path / "best.safetensors")
    assert best.step in (4, 8)
    assert best.facts["recipe"]["name"] == "tiny"


def test_two_processes_follow_the_same_curve_as_one(data, tmp_path):
    # One batch an epoch: where batches are cut depends on how many processes must each get a share.
    settings = ["--set", "optimiser.steps=20", "--set", "data.batch_seconds=100"]
    train(data, tmp_path / "one", *settings)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    command += ["-m", "stapes", "train", str(data / "recipe.toml"), "--data", str(data)]
    command += ["--out", str(tmp_path / "two"), *settings]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (one,), (two,) = (
        [entry for entry in read_history(tmp_path / name / "history.jsonl") if "loss" in entry]
        for name in ("one", "two")
    )
    for quantity in ("loss", "ctc", "gradient_norm", "speech_seconds"):
        assert one[quantity] == pytest.approx(two[quantity], rel=1e-4)


def test_a_run_can_start_from_another(data, tmp_path):
    train(data, tmp_path / "first")
    best = tmp_path / "first" / "best.safetensors"
    arguments = [
        "--start-from",
        str(best),
        "--set",
        "optimiser.learning_rate=0.0",
        "--set",
        "optimiser.steps=4",
    ]
    train(data, tmp_path / "second", *arguments, "--set", "optimiser.weight_decay=0.0")
    first, second = checkpoint.load(best), checkpoint.load(tmp_path / "second" / "checkpoint.safetensors")
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--set", "optimiser.step=3"], "unknown setting 'step'; did you mean 'steps'?"),
        (["--set", "optimiser.steps=many"], "optimiser: steps: a value of type int is expected, got 'many'"),
        (["--set", "data.max_seconds=0.01"], "no utterance of at most 0.01 s with text is in it"),
        (["--start-from", "nowhere.safetensors"], "nowhere.safetensors: no such file; a checkpoint of"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(data, tmp_path, capsys, arguments, text):
    command = ["train", str(data / "recipe.toml"), "--data", str(data), "--out", str(tmp_path), *arguments]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert text in error
    assert error.count("\n") == 1


def test_weights_of_another_size_are_refused(data, tmp_path):
    train(data, tmp_path / "first", "--set", "optimiser.steps=4")
    best = tmp_path / "first" / "best.safetensors"
    with pytest.raises(TrainingError, match="its network has other sizes than the recipe's"):
        train_recipe(data / "recipe.toml", data, tmp_path / "second", ["network.joint=9"], best)
    with pytest.raises(TrainingError, match="its network has other sizes than the recipe's"):
        train_recipe(data / "recipe.toml", data, tmp_path / "third", ["network.hidden=15"], best)


def test_a_run_can_begin_with_a_narrower_network(data, tmp_path):
    train(data, tmp_path / "first", "--set", "optimiser.steps=4")
    best = tmp_path / "first" / "best.safetensors"
    arguments = ["--set", "optimiser.steps=4", "--set", "network.hidden=20", "--start-from", str(best)]
    train(data, tmp_path / "second", *arguments)
    wide = checkpoint.load(tmp_path / "second" / "checkpoint.safetensors")
    assert wide.weights["lstms.1.weight_hh_l0"].shape == (80, 20)
    # A run that has begun is of one width.
    with pytest.raises(TrainingError, match="its network has other sizes than the recipe's"):
        train_recipe(data / "recipe.toml", data, tmp_path / "second", ["network.hidden=24"])


def utterances(count):
    return [
        Utterance(str(i), None, "a", 1 + i % 7, set="rare" if i % 4 == 0 else "common") for i in range(count)
    ]


def test_recordings_without_text_are_noises(data, tmp_path, monkeypatch):
    heard = []
    make = BatchMaker.__init__

    def remember(self, recipe, features, labels, mean, noises):
        heard.append((len(labels), [noises[index] for index in range(len(noises))]))
        make(self, recipe, features, labels, mean, noises)

    monkeypatch.setattr(BatchMaker, "__init__", remember)
    tone = np.sin(np.arange(16000)).astype(np.float32) / 2
    soundfile.write(tmp_path / "tone.flac", tone, 16000)
    noisy = [*read_manifest(data / "train.jsonl"), Utterance("tone", tmp_path / "tone.flac", "", 1.0)]
    write_manifest(tmp_path / "data" / "train.jsonl", noisy)
    (tmp_path / "data" / "recipe.toml").write_text(RECIPE)
    train(data, tmp_path / "speech")
    train(tmp_path / "data", tmp_path / "noisy")
    (count, none), (count_of_noisy, (noise,)) = heard
    assert count == count_of_noisy == 16
    assert not none
    np.testing.assert_allclose(noise, tone, atol=1e-4)
    assert not torch.equal(
        weights(tmp_path / "speech")["weights.output.bias"],
        weights(tmp_path / "noisy")["weights.output.bias"],
    )


def test_an_epoch_takes_every_utterance_by_its_weight():
    config = DataConfig(weights={"rare": 2.0, "common": 0.5}, batch_seconds=30, max_seconds=10)
    corpus = utterances(400)
    taken = [position for step in plan_epoch(corpus, config, 1, 0) for position in step]
    rare = [position for position in taken if corpus[position].set == "rare"]
    assert sorted(rare) == sorted([i for i in range(400) if i % 4 == 0] * 2)
    assert 110 < len(taken) - len(rare) < 190
    assert plan_epoch(corpus, config, 1, 0) == plan_epoch(corpus, config, 1, 0)
    assert plan_epoch(corpus, config, 1, 0) != plan_epoch(corpus, config, 1, 1)


def test_steps_hold_no_more_than_asked_for():
    config = DataConfig(batch_seconds=30, max_seconds=10)
    corpus = utterances(400)
    for step in plan_epoch(corpus, config, 3, 0, processes=2):
        assert len(step) * max(corpus[position].duration for position in step) <= 30 + 14
        assert len(step) >= 2


def test_backgrounds_join_the_epoch():
    config = DataConfig(batch_seconds=30, max_seconds=10, background_share=0.25)
    taken = [position for step in plan_epoch(utterances(40), config, 1, 0) for position in step]
    assert sorted(taken) == list(range(50))


def test_learning_rate_rises_stays_and_falls():
    settings = OptimiserConfig(steps=100, learning_rate=1.0, warmup_steps=10, decay_steps=20)
    rates = [settings.learning_rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:80] == [1.0] * 71
    assert rates[-1] == pytest.approx(0.05)
