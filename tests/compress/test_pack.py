import numpy as np
import pytest

from stapes import format as packed_format
from stapes.cli import main
from stapes.codec import Float32
from stapes.compress import pack
from stapes.train import checkpoint
from tests.networks import PIECES, random_checkpoint


def test_matrices_take_8_bits_and_vectors_stay_exact(tmp_path):
    source, network = random_checkpoint(tmp_path)
    pack(source, tmp_path / "m.stapes")
    model = packed_format.read(tmp_path / "m.stapes")
    codecs = {entry.name: entry.codec.name for entry in model.entries}
    assert codecs["lstms.1.weight_hh_l0"] == codecs["subsampling.conv1.weight"] == "dense"
    assert codecs["output.bias"] == codecs["feature_mean"] == "float32"
    np.testing.assert_array_equal(model.tensors["output.bias"], network.output.bias.detach().numpy())
    weight = network.lstms[1].weight_hh_l0.detach().numpy()
    error = np.abs(model.tensors["lstms.1.weight_hh_l0"] - weight).max(axis=1)
    assert np.all(error <= np.abs(weight).max(axis=1) / 127 * 0.5001)
    assert error.max() > 0


def test_what_only_training_needs_is_left_out(tmp_path):
    source, network = random_checkpoint(tmp_path)
    pack(source, tmp_path / "m.stapes")
    names = set(packed_format.read(tmp_path / "m.stapes").tensors)
    assert names == {name for name in network.state_dict() if not name.startswith("ctc.")}


def test_a_model_tells_what_made_it(tmp_path):
    source, _ = random_checkpoint(tmp_path)
    pack(source, tmp_path / "m.stapes", Float32())
    metadata = packed_format.read(tmp_path / "m.stapes").metadata
    assert metadata["name"] == "tiny"
    assert metadata["licence"] == "Apache-2.0"
    assert metadata["training"]["step"] == 7
    assert metadata["training"]["recipe"]["network"]["hidden"] == 24
    assert metadata["network"]["vocabulary"] == PIECES


def test_averaged_weights_are_what_is_packed(tmp_path):
    source, network = random_checkpoint(tmp_path)
    saved = checkpoint.load(source)
    average = {name: tensor + 1 for name, tensor in saved.weights.items()}
    checkpoint.save(source, checkpoint.Checkpoint(8, saved.weights, average, {}, saved.facts))
    pack(source, tmp_path / "m.stapes", Float32())
    bias = packed_format.read(tmp_path / "m.stapes").tensors["output.bias"]
    np.testing.assert_array_equal(bias, network.output.bias.detach().numpy() + 1)


@pytest.mark.parametrize("content", [b"", b"no checkpoint at all"])
def test_no_checkpoint_is_one_sentence(tmp_path, capsys, content):
    source = tmp_path / "best.safetensors"
    source.write_bytes(content)
    assert main(["pack", str(source), str(tmp_path / "m.stapes")]) == 2
    error = capsys.readouterr().err
    assert f"{source}: not a checkpoint of stapes train" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "m.stapes").exists()
