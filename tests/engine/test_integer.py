import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes import Recognizer, engine
from stapes import format as packed_format
from stapes.codec import Dense, Float32, Uniform
from stapes.engine import IntegerNetwork, Network
from stapes.errors import ConfigError, FormatError
from tests.agreement.integer_models import random_case, write_random_model
from tests.networks import hear, random_integer_model, random_model


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    return random_integer_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def network(model_path):
    return IntegerNetwork.load(model_path)


def noise(samples, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=8), st.integers(0, 2**32 - 1))
def test_streaming_equals_offline_for_every_chunking(network, lengths, seed):
    samples = noise(sum(lengths), seed)
    chunks = np.split(samples, np.cumsum(lengths))
    np.testing.assert_array_equal(hear(network, chunks), hear(network, [samples]))


def test_a_state_can_be_gone_on_from_twice(network):
    _, state = network.accept(noise(9000), network.init_state())
    first, _ = network.accept(noise(9000), state)
    second, _ = network.accept(noise(9000), state)
    np.testing.assert_array_equal(first, second)
    assert len(first) > 0
    assert (state.features.dtype, state.hidden.dtype, state.cell.dtype) == (np.int8, np.int8, np.int16)


def test_is_near_the_float_network_of_the_same_file(network, model_path):
    reference, samples = Network.load(model_path), noise(48000, 1)
    expected, given = hear(reference, [samples]), hear(network, [samples])
    assert np.abs(given - expected).mean() < expected.std() / 10
    contexts = np.array([[-1, 0], [0, 3], [5, 11], [11, 11]])
    parts = reference.predict(contexts)
    assert np.abs(network.predict(contexts) - parts).max() < parts.std() / 10
    scores = reference.join(expected[9], parts)
    given_scores = network.join(expected[9].round(2), network.predict(contexts))
    assert np.abs(given_scores - scores).max() < 0.1 * np.ptp(scores)


def test_what_goes_between_the_parts_is_exact(network):
    frames, predictions = hear(network, [noise(9000)]), network.predict(np.array([[-1, 0]]))
    for values, bits in ((frames, 10), (predictions, 10), (network.logits(frames[0], predictions), 12)):
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values * 2**bits, np.rint(values * 2**bits))


def test_log_probabilities_are_those_of_exact_arithmetic_rounded_once(network):
    frame, part = hear(network, [noise(9000)])[2], network.predict(np.array([[3, 5], [-1, 0]]))
    given = network.join(frame, part)
    for logits, row in zip(network.logits(frame, part).tolist(), given, strict=True):
        total = math.fsum(math.exp(logit - max(logits)) for logit in logits)
        exact = np.array([logit - max(logits) - math.log(total) for logit in logits], np.float32)
        np.testing.assert_array_equal(row, exact)


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_a_batch_are_independent(tmp_path, seed):
    write_random_model(tmp_path / "m.stapes", seed)
    network = IntegerNetwork.load(tmp_path / "m.stapes")
    case = random_case(network, seed)
    for row, context in enumerate(case.contexts):
        part = network.predict(context[np.newaxis])
        np.testing.assert_array_equal(part[0] * 2**10, case.predictions[row])
        logits = network.logits((case.frames[0] / 2**10).astype(np.float32), part)
        np.testing.assert_array_equal(logits[0] * 2**12, case.logits[0, row])


def rewrite(path, target, change):
    model = packed_format.read(path)
    metadata = dict(model.metadata)
    tensors = {entry.name: (model.tensors[entry.name], entry.codec) for entry in model.entries}
    change(metadata, tensors)
    packed_format.write(target, metadata, tensors)
    return target


def as_float(tensors, name):
    tensors[name] = tensors[name][0], Float32()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m, t: m.pop("integer"), "metadata holds no table 'integer'; a model of stapes compress"),
        (lambda m, t: m["integer"].update(kind="q15"), "integer: kind: 'q7' is expected, got 'q15'"),
        (lambda m, t: t.pop("lstms.1.weight"), "tensor 'lstms.1.weight' is missing"),
        (
            lambda m, t: as_float(t, "context.weight"),
            "tensor 'context.weight': a codec of integers is expected for integer arithmetic",
        ),
        (
            lambda m, t: t.update({"output.weight": (t["output.weight"][0] * np.float32(2**28), Uniform())}),
            "integer arithmetic: a scale is .* output steps; less than 8388608 are accepted",
        ),
    ],
)
def test_models_that_cannot_be_run_in_integers_are_refused(model_path, tmp_path, change, text):
    with pytest.raises(FormatError, match=text):
        IntegerNetwork.load(rewrite(model_path, tmp_path / "changed.stapes", change))


def test_a_model_of_few_bits_is_run_by_both_executors(tmp_path):
    path, samples = random_integer_model(tmp_path, Dense(6)), noise(20000)
    expected, given = hear(Network.load(path), [samples]), hear(IntegerNetwork.load(path), [samples])
    assert np.abs(given - expected).mean() < expected.std() / 10


def test_a_recogniser_runs_what_it_is_told_to(model_path, tmp_path):
    assert isinstance(Recognizer(model_path, engine="integer").network, IntegerNetwork)
    assert isinstance(Recognizer(model_path, engine="reference").network, Network)
    assert Recognizer(model_path, engine="integer").transcribe(noise(8000)).text is not None
    with pytest.raises(ConfigError, match="engine is 'fast'; integer, native, reference are accepted"):
        engine.load(model_path, "fast")
    plain, _ = random_model(tmp_path)
    with pytest.raises(FormatError, match="holds no table 'integer'"):
        Recognizer(plain, engine="integer")
