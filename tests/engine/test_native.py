import copy
import sys
from pathlib import Path

import numpy as np
import pytest

from stapes import Recognizer, engine
from stapes.engine import IntegerNetwork, NativeNetwork, Network, native_module
from stapes.errors import ConfigError, FormatError
from tests.interrupting import assert_interrupted
from tests.networks import random_integer_model, random_model

STUB = Path(engine.__file__).parents[1] / "_native.pyi"
compiled = pytest.mark.skipif(native_module() is None, reason="stapes._native is not installed")


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    return random_integer_model(tmp_path_factory.mktemp("model"))


def noise(samples, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


@compiled
def test_integers_are_those_of_numpy_however_the_sound_is_cut(model_path):
    expected = IntegerNetwork.load(model_path)
    sound = noise(20_000)
    frames, state = expected.accept(sound, expected.init_state())
    frames = np.concatenate([frames, expected.flush(state)[0]])
    contexts = np.array([[-1, 0], [0, 3], [3, -1]])
    for kernels in native_module().kernels():
        network = NativeNetwork.load(model_path, kernels)
        assert network.kernels == kernels
        for cuts in ([], [1], [700, 5_000, 5_001, 12_345]):
            state, parts = network.init_state(), []
            for chunk in np.split(sound, cuts):
                part, state = network.accept(chunk, state)
                parts.append(part)
            np.testing.assert_array_equal(np.concatenate([*parts, network.flush(state)[0]]), frames)
        predictions = network.predict(contexts)
        np.testing.assert_array_equal(predictions, expected.predict(contexts))
        logits = network.logits(frames[3], predictions)
        np.testing.assert_array_equal(logits, expected.logits(frames[3], predictions))
        # The log softmax is float32 arithmetic, whose last bits depend on how an array lies in memory.
        scores = expected.join(frames[3], predictions)
        np.testing.assert_allclose(network.join(frames[3], predictions), scores, rtol=0, atol=2e-6)


@compiled
def test_no_tensor_is_decoded_in_python(monkeypatch):
    plain = Recognizer(engine="reference").network
    monkeypatch.setattr("stapes.codec.Dense.integers", None)
    monkeypatch.setattr("stapes.codec.Unsigned.decode", None)
    network = Recognizer(engine="native").network
    np.testing.assert_array_equal(network.language_model.labels[2], plain.language_model.labels[2])
    np.testing.assert_array_equal(network.language_model.log_probs[3], plain.language_model.log_probs[3])
    np.testing.assert_array_equal(network.endpointing.projection, plain.endpointing.projection)


@compiled
def test_state_is_a_value(model_path):
    network = NativeNetwork.load(model_path)
    before = network.init_state()
    _, after = network.accept(noise(8_000), before)
    assert before.network == network.init_state().network
    assert after.network != before.network
    assert copy.deepcopy(after.network) == copy.copy(after.network) == after.network
    assert before.network != 3
    again, _ = network.accept(noise(8_000, seed=1), after)
    np.testing.assert_array_equal(network.accept(noise(8_000, seed=1), after)[0], again)


@compiled
def test_what_is_refused(model_path, tmp_path):
    network = NativeNetwork.load(model_path)
    with pytest.raises(ConfigError, match="kernels 'mmx' do not run on this CPU"):
        NativeNetwork.load(model_path, "mmx")
    with pytest.raises(FormatError, match=r"no\.stapes: no such file"):
        NativeNetwork.load(tmp_path / "no.stapes")
    with pytest.raises(ConfigError, match="labels from -1 to the last of the vocabulary are accepted"):
        network.predict(np.array([[0, 12]]))
    with pytest.raises(ConfigError, match="labels from -1"):
        network.predict(np.array([[-2, 0]]))
    with pytest.raises(ValueError, match="frames of another width than the model has mel bins"):
        network.encode_features(np.zeros((7, 79), np.float32), network.init_state())
    with pytest.raises(ValueError, match="parts of another width than the joint of the model"):
        network.logits(np.zeros(10, np.float32), np.zeros((1, 10), np.float32))


HEARD = """
from stapes.engine import NativeNetwork
network = NativeNetwork.load(sys.argv[1], "reference")
"""


@compiled
def test_a_long_call_can_be_interrupted(model_path):
    call = "network.encode_features(np.zeros((count, 80), np.float32), network.init_state())"
    assert_interrupted(HEARD, call, 3_000, str(model_path))


@compiled
def test_stub_is_that_of_the_module():
    stubgen = pytest.importorskip("nanobind.stubgen", reason="nanobind is not installed")
    generator = stubgen.StubGen(native_module())
    generator.put(native_module())
    assert STUB.read_text() == generator.get()


@compiled
def test_recogniser_runs_it(model_path):
    sound = noise(16_000)
    heard = Recognizer(model_path, engine="native").transcribe(sound)
    assert heard.text == Recognizer(model_path, engine="integer").transcribe(sound).text


@compiled
def test_it_is_what_runs_a_model_that_allows_it(model_path, tmp_path):
    assert isinstance(Recognizer(model_path).network, NativeNetwork)
    plain, _ = random_model(tmp_path)
    assert isinstance(Recognizer(plain).network, Network)


@compiled
def test_log_probabilities_are_those_of_numpy(model_path):
    rng = np.random.default_rng(2)
    native, numpy = NativeNetwork.load(model_path), IntegerNetwork.load(model_path)
    frame = np.ldexp(rng.integers(-5000, 5000, native.settings.joint), -10).astype(np.float32)
    parts = native.predict(rng.integers(0, len(native.vocabulary), (7, 2)))
    np.testing.assert_array_equal(native.join(frame, parts), numpy.join(frame, parts))


def test_without_the_module(model_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "stapes._native", None)
    assert isinstance(Recognizer(model_path).network, Network)
    assert native_module() is None
    with pytest.raises(
        ConfigError, match="engine 'native' is not part of this installation; 'integer' gives"
    ):
        engine.load(model_path, "native")
