import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes import format as packed_format
from stapes.codec import Float32
from stapes.engine import Network
from stapes.errors import FormatError
from tests.networks import hear, random_model


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    return random_model(tmp_path_factory.mktemp("model"))[0]


@pytest.fixture(scope="module")
def network(model_path):
    return Network.load(model_path)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=10), st.integers(0, 2**32 - 1))
def test_streaming_equals_offline_for_every_chunking(network, lengths, seed):
    samples = np.random.default_rng(seed).normal(0, 0.1, sum(lengths)).astype(np.float32)
    chunks = np.split(samples, np.cumsum(lengths))
    np.testing.assert_array_equal(hear(network, chunks), hear(network, [samples]))


def test_frames_are_40_ms(network):
    assert network.frame_ms == 40
    # 1 s and 0.4 s of tail are 140 feature frames: (140 - 7) // 4 + 1.
    # The joint is 11 wide, and there are logits of 12 labels.
    assert hear(network, [np.zeros(16000, np.float32)]).shape == (34, 11 + 12)


def test_a_state_can_be_gone_on_from_twice(network):
    samples = np.random.default_rng(3).normal(0, 0.1, 9000).astype(np.float32)
    _, state = network.accept(samples, network.init_state())
    first, _ = network.accept(samples, state)
    second, _ = network.accept(samples, state)
    np.testing.assert_array_equal(first, second)
    assert len(first) > 0


def test_no_look_ahead_beyond_200_ms(network):
    """A change of the sound leaves every frame alone that ends 200 ms or more before it."""
    samples = np.random.default_rng(5).normal(0, 0.1, 16000).astype(np.float32)
    changed = samples.copy()
    changed[12000:] *= 3
    before, after = hear(network, [samples]), hear(network, [changed])
    # Encoder frame j stands for the 640 samples from 640 j.
    unaffected = (12000 - 3200) // 640
    np.testing.assert_array_equal(before[:unaffected], after[:unaffected])
    assert not np.array_equal(before[unaffected + 5 :], after[unaffected + 5 :])


def rewrite(path, tmp_path, change):
    model = packed_format.read(path)
    metadata, tensors = dict(model.metadata), dict(model.tensors)
    metadata["network"] = dict(metadata["network"])
    change(metadata, tensors)
    target = tmp_path / "changed.stapes"
    packed_format.write(target, metadata, {name: (array, Float32()) for name, array in tensors.items()})
    return target


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m, t: m.pop("network"), "metadata holds no table 'network'"),
        (lambda m, t: m["network"].update(kind="ctc"), "kind: 'transducer' is expected, got 'ctc'"),
        (lambda m, t: m["network"].update(hiden=3), "unknown setting 'hiden'; did you mean 'hidden'?"),
        (
            lambda m, t: m["network"].update(hidden=25),
            r"'final_norm.weight': shape \[25\] is expected, got \[24\]",
        ),
        (lambda m, t: m["network"].update(layers=10**6), "layers: 1 to 4096 is expected, got 1000000"),
        (lambda m, t: t.pop("output.bias"), "tensor 'output.bias' is missing"),
        (lambda m, t: m["network"].update(vocabulary=["<blk>"]), "2 to 4096 pieces are expected, got 1"),
    ],
)
def test_models_that_do_not_fit_are_refused(model_path, tmp_path, change, text):
    with pytest.raises(FormatError, match=text.replace("?", r"\?")):
        Network.load(rewrite(model_path, tmp_path, change))
