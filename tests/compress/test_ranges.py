import numpy as np
import pytest
import torch

from stapes import format as packed_format
from stapes.codec import Float32
from stapes.compress import fold, integer_metadata, measure_ranges, pack
from stapes.engine import Network
from stapes.errors import ConfigError
from stapes.features import Fbank
from tests.networks import random_checkpoint


def recordings(count=3):
    random = np.random.default_rng(0)
    return [Fbank()(random.normal(0, 0.1, 16000).astype(np.float32)) for _ in range(count)]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return random_checkpoint(tmp_path_factory.mktemp("network"))[1]


def test_the_highest_percentile_is_the_largest_magnitude(network):
    heard = recordings()
    ranges = measure_ranges(network, heard, 100)
    assert set(ranges) == {
        *("features", "conv1", "conv2", "norms.0", "norms.1", "final_norm", "embedding", "context")
    }
    normalised = [np.abs((one + 9) * np.float32(0.25)).max() for one in heard]
    assert ranges["features"] == pytest.approx(max(normalised))
    with torch.no_grad():
        images = [torch.from_numpy((one + 9) * np.float32(0.25))[None, None] for one in heard]
        largest = max(float(network.subsampling.conv1(image).max()) for image in images)
    assert ranges["conv1"] == pytest.approx(largest)
    assert ranges["embedding"] == float(network.embedding.weight.detach().abs().max())


@pytest.mark.parametrize("percentile", [50, 99, 99.9])
def test_other_percentiles_are_right_to_2_percent(network, percentile):
    heard = recordings()
    values = np.abs(np.concatenate(heard) + 9) * 0.25
    expected = np.percentile(values, percentile)
    assert expected * 0.999 <= measure_ranges(network, heard, percentile)["features"] <= expected * 1.0221


def test_the_network_is_left_as_it_was(network):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    measure_ranges(network, recordings(1))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_what_is_always_zero_has_range_1(tmp_path):
    _, network = random_checkpoint(tmp_path)
    with torch.no_grad():
        network.subsampling.conv2.bias.fill_(-1e6)
    assert measure_ranges(network, recordings(1))["conv2"] == 1.0


@pytest.mark.parametrize(
    ("given", "percentile", "text"),
    [
        (
            [np.zeros((6, 80), np.float32)],
            100,
            "a recording of seven feature frames or more is expected, got none",
        ),
        ([], 0, "the percentile is 0; more than 0 up to 100 is accepted"),
        ([], 100.1, "the percentile is 100.1; more than 0 up to 100 is accepted"),
    ],
)
def test_bad_input_is_refused(network, given, percentile, text):
    with pytest.raises(ConfigError, match=text):
        measure_ranges(network, given, percentile)


def test_a_folded_network_means_the_same_and_keeps_within_1(tmp_path):
    source, network = random_checkpoint(tmp_path)
    pack(source, tmp_path / "plain.stapes", Float32())
    plain = packed_format.read(tmp_path / "plain.stapes")
    ranges = measure_ranges(network, recordings(), 100)
    folded = {name: (tensor, Float32()) for name, tensor in fold(plain.tensors, ranges).items()}
    metadata = {**plain.metadata, "integer": integer_metadata(ranges)}
    packed_format.write(tmp_path / "folded.stapes", metadata, folded)
    samples = np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32)
    one, other = Network.load(tmp_path / "plain.stapes"), Network.load(tmp_path / "folded.stapes")
    expected = one.accept(samples, one.init_state())[0]
    np.testing.assert_allclose(other.accept(samples, other.init_state())[0], expected, atol=1e-4)
    contexts = np.array([[-1, 0], [3, 5]])
    np.testing.assert_allclose(other.predict(contexts), one.predict(contexts), atol=1e-4)
    assert np.abs(folded["embedding.weight"][0]).max() == pytest.approx(1)
    assert folded["lstms.1.weight"][0].shape == (96, 48)
