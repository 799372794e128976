"""A packed model becomes a checkpoint of the same network again."""

from dataclasses import replace

import pytest
import torch

from stapes import config
from stapes import format as packed_format
from stapes.cli import main
from stapes.codec import Float32
from stapes.compress import fold, integer_metadata, pack, unpack
from stapes.errors import FormatError
from stapes.model import Transducer
from stapes.train import checkpoint
from stapes.train.recipe import CtcConfig, Recipe
from tests.networks import speaking_checkpoint

RANGES = {"features": 3.0, "conv1": 0.5, "conv2": 2.0, "norms.0": 4.0, "final_norm": 1.5, "context": 0.25}


@pytest.fixture
def source(tmp_path):
    """A checkpoint whose CTC head goes along."""
    path = speaking_checkpoint(tmp_path)
    saved = checkpoint.load(path)
    recipe = replace(config.build(Recipe, saved.facts["recipe"], "recipe"), ctc=CtcConfig(scale=0.3))
    checkpoint.save(path, replace(saved, facts={**saved.facts, "recipe": config.to_dict(recipe)}))
    return path


def network_of(path):
    saved = checkpoint.load(path)
    network = Transducer(config.build(Recipe, saved.facts["recipe"], "recipe").network)
    network.load_state_dict(dict(saved.weights))
    return network.eval()


def packed_in_integer_form(source, target):
    pack(source, target, Float32())
    model = packed_format.read(target)
    tensors = {name: (tensor, Float32()) for name, tensor in fold(model.tensors, RANGES).items()}
    packed_format.write(target, {**model.metadata, "integer": integer_metadata(RANGES)}, tensors)


def test_a_network_packed_as_it_is_comes_back_exactly(source, tmp_path):
    pack(source, tmp_path / "m.stapes", Float32())
    unpack(tmp_path / "m.stapes", tmp_path / "back.safetensors")
    before, after = checkpoint.load(source), checkpoint.load(tmp_path / "back.safetensors")
    assert after.weights.keys() == before.weights.keys()
    for name, weight in before.weights.items():
        torch.testing.assert_close(after.weights[name], weight, rtol=0, atol=0)
    assert {**after.facts, "best": 1.0} == before.facts
    assert after.step == before.step == 7


def test_one_in_integer_form_comes_back_with_the_scales_of_training(source, tmp_path):
    packed_in_integer_form(source, tmp_path / "m.stapes")
    unpack(tmp_path / "m.stapes", tmp_path / "back.safetensors")
    before, after = network_of(source), network_of(tmp_path / "back.safetensors")
    for name, weight in before.state_dict().items():
        if "bias_" not in name:  # only their sum is kept
            torch.testing.assert_close(after.state_dict()[name], weight, rtol=1e-5, atol=1e-6)
    features = torch.randn(1, 40, 80, generator=torch.Generator().manual_seed(0)) - 9
    with torch.no_grad():
        for one, other in zip(before.encode(features), after.encode(features), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_a_head_that_was_left_out_begins_with_zeros(tmp_path):
    path = speaking_checkpoint(tmp_path)
    saved = checkpoint.load(path)
    recipe = replace(config.build(Recipe, saved.facts["recipe"], "recipe"), ctc=CtcConfig(scale=0.0))
    checkpoint.save(path, replace(saved, facts={**saved.facts, "recipe": config.to_dict(recipe)}))
    pack(path, tmp_path / "m.stapes", Float32())
    unpack(tmp_path / "m.stapes", tmp_path / "back.safetensors")
    assert not checkpoint.load(tmp_path / "back.safetensors").weights["ctc.weight"].any()


def test_a_model_without_its_training_is_told(source, tmp_path):
    pack(source, tmp_path / "m.stapes", Float32())
    model = packed_format.read(tmp_path / "m.stapes")
    metadata = {key: value for key, value in model.metadata.items() if key != "training"}
    packed_format.write(
        tmp_path / "m.stapes", metadata, {name: (t, Float32()) for name, t in model.tensors.items()}
    )
    with pytest.raises(FormatError, match="does not tell recipe, subwords and step of its training"):
        unpack(tmp_path / "m.stapes", tmp_path / "back.safetensors")
    assert not (tmp_path / "back.safetensors").exists()


def test_the_verb_unpacks_a_model(source, tmp_path, capsys):
    pack(source, tmp_path / "m.stapes", Float32())
    target = tmp_path / "back.safetensors"
    assert main(["unpack", str(target), "--model", str(tmp_path / "m.stapes")]) == 0
    assert checkpoint.load(target).step == 7
    assert main(["unpack", str(target), "--model", str(tmp_path / "nowhere.stapes")]) == 2
    assert "nowhere.stapes" in capsys.readouterr().err
