"""The mean of two checkpoints."""

from dataclasses import replace

import pytest
import torch

from stapes.cli import main
from stapes.errors import TrainingError
from stapes.model import TransducerConfig
from stapes.train import average, checkpoint
from stapes.train.growth import widened
from tests.networks import SIZES, random_checkpoint


@pytest.fixture
def two(tmp_path):
    """Two checkpoints of random networks; the first has an average beside its weights."""
    paths = []
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        paths.append(random_checkpoint(folder, seed)[0])
    saved = checkpoint.load(paths[0])
    checkpoint.save(paths[0], replace(saved, average={name: 3 * w for name, w in saved.weights.items()}))
    return paths


def test_weights_lie_between_averages(two, tmp_path):
    average(*two, 0.25, tmp_path / "mean.safetensors")
    first, second, mean = map(checkpoint.load, (*two, tmp_path / "mean.safetensors"))
    assert mean.facts == first.facts
    assert mean.step == first.step
    for name, weight in mean.weights.items():
        expected = 0.75 * first.average[name] + 0.25 * second.weights[name]
        torch.testing.assert_close(weight, expected)


def test_other_sizes_are_told(two, tmp_path):
    (tmp_path / "wide").mkdir()
    wide = TransducerConfig(
        vocabulary=SIZES.vocabulary, channels=(3, 5), hidden=32, layers=2, embedding=7, joint=12
    )
    other, _ = random_checkpoint(tmp_path / "wide", sizes=wide)
    with pytest.raises(TrainingError, match="its network has other sizes than that of"):
        average(two[0], other, 0.5, tmp_path / "mean.safetensors")
    assert not (tmp_path / "mean.safetensors").exists()


def test_a_narrower_network_is_widened_as_a_run_that_starts_from_it_does(two, tmp_path):
    (tmp_path / "wide").mkdir()
    wide, _ = random_checkpoint(tmp_path / "wide", sizes=replace(SIZES, hidden=32))
    average(wide, two[1], 1.0, tmp_path / "mean.safetensors")
    seed = checkpoint.load(wide).facts["recipe"]["seed"]
    expected = widened(checkpoint.load(two[1]).averaged, 32, seed)
    found = checkpoint.load(tmp_path / "mean.safetensors").weights
    assert all(torch.equal(found[name], weight) for name, weight in expected.items())


def test_the_verb_writes_the_mean(two, tmp_path, capsys):
    target = tmp_path / "mean.safetensors"
    assert main(["average", *map(str, two), str(target), "--share", "1"]) == 0
    second = checkpoint.load(two[1])
    for name, weight in checkpoint.load(target).weights.items():
        torch.testing.assert_close(weight, second.weights[name])
    assert main(["average", *map(str, two), str(target), "--share", "2"]) == 2
    assert "--share" in capsys.readouterr().err
