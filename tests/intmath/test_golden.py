import json

import numpy as np
import pytest

from stapes.engine import IntegerNetwork
from tests.intmath import golden


@pytest.mark.parametrize("name", ["tables.json", "operations.json"])
def test_the_golden_vectors_come_out(name):
    assert golden.text(golden.FILES[name]()) == (golden.FOLDER / name).read_text(encoding="utf-8")


def test_the_golden_network_gives_its_outputs(tmp_path):
    vectors = json.loads((golden.FOLDER / "network.json").read_text(encoding="utf-8"))
    path = tmp_path / "golden.stapes"
    path.write_bytes(bytes.fromhex("".join(vectors["model"])))
    network = IntegerNetwork.load(path)
    features = np.array(vectors["features"], np.float32)
    frames, state = network.encode_features(features, network.init_state())
    predictions = network.predict(np.array(vectors["contexts"]))
    assert (frames * 2**10).tolist() == vectors["frames"]
    assert (predictions * 2**10).tolist() == vectors["predictions"]
    logits = np.array([network.logits(frame, predictions) for frame in frames])
    assert (logits * 2**12).tolist() == vectors["logits"]
    assert state.hidden.tolist() == vectors["hidden"]
    assert state.cell.tolist() == vectors["cell"]
