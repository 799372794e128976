import numpy as np
import pytest
import torch

from stapes.codec import Float32, Uniform
from stapes.engine import Network
from stapes.features import Fbank
from tests.networks import random_model

RATE_HZ = 16000


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


def run(network, samples):
    frames, state = network.accept(samples, network.init_state())
    rest, _ = network.flush(state)
    return np.concatenate([frames, rest])


def encode(reference, features):
    """What goes to the joint, and then the logits of the CTC head."""
    joint, ctc = reference.encode(torch.from_numpy(features)[None])
    return torch.cat([joint[0], ctc[:, 0]], dim=1).numpy()


@pytest.mark.parametrize("seed", range(4))
def test_encoder_equals_torch(tmp_path, seed):
    path, reference = random_model(tmp_path, Float32(), seed)
    samples = noise(1.3 + 0.01 * seed, seed)
    features = Fbank()(np.concatenate([samples, np.zeros(6400, np.float32)]))
    with torch.no_grad():
        expected = encode(reference, features)
    np.testing.assert_allclose(run(Network.load(path), samples), expected, atol=1e-4)


def test_log_probabilities_equal_torch(tmp_path):
    path, reference = random_model(tmp_path, Float32())
    network = Network.load(path)
    contexts = np.array([[-1, 0], [0, 3], [5, 11]])
    encoder = run(network, noise(1))[5]
    with torch.no_grad():
        predicted = reference.predict(torch.from_numpy(contexts))
        expected = reference.join(torch.from_numpy(encoder[: reference.config.joint]), predicted).log_softmax(
            -1
        )
    np.testing.assert_allclose(network.predict(contexts), predicted.numpy(), atol=1e-4)
    np.testing.assert_allclose(network.join(encoder, network.predict(contexts)), expected.numpy(), atol=1e-4)


def test_eight_bits_equal_torch_with_the_same_weights(tmp_path):
    path, reference = random_model(tmp_path)
    codec = Uniform()
    with torch.no_grad():
        for parameter in reference.parameters():
            if parameter.ndim > 1:
                weights = parameter.numpy()
                rounded = codec.decode(codec.encode(weights), weights.shape)
                assert np.abs(rounded - weights).max() > 0
                parameter.copy_(torch.tensor(rounded))
        samples = noise(1)
        features = Fbank()(np.concatenate([samples, np.zeros(6400, np.float32)]))
        expected = encode(reference, features)
    np.testing.assert_allclose(run(Network.load(path), samples), expected, atol=1e-4)
