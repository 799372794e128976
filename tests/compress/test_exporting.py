"""Exported networks are compared with the reference engine, frame by frame, and read as sherpa-onnx reads them.

Letters: N streams, F feature frames, T encoder frames, L layers, H hidden, V vocabulary.
"""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from stapes.cli import main
from stapes.codec import Float32
from stapes.compress import export_onnx, pack
from stapes.engine import Network
from stapes.errors import ConfigError
from stapes.features import Fbank
from stapes.train import checkpoint
from tests.networks import PIECES, SIZES, random_checkpoint

NAMES = ("encoder", "decoder", "joiner")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    source, _ = random_checkpoint(folder)
    export_onnx(source, folder)
    export_onnx(source, folder / "three", frames=3)
    pack(source, folder / "exact.stapes", Float32())
    return folder


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * 16000)).astype(np.float32)


def encode(path: Path, features: np.ndarray) -> np.ndarray:
    """Encoder frames [N, T, J] of features [N, F, M], by calls of as many frames as the metadata say."""
    encoder = session(path)
    facts = encoder.get_modelmeta().custom_metadata_map
    F, step = int(facts["T"]), int(facts["decode_chunk_len"])
    zeros = np.zeros((int(facts["num_encoder_layers"]), len(features), int(facts["d_model"])), np.float32)
    outputs, cells, encoded = zeros, zeros, []
    for begin in range(0, features.shape[1] - F + 1, step):
        given = {"x": features[:, begin : begin + F], "state0": outputs, "state1": cells}
        frames, outputs, cells = encoder.run(["encoder_out", "new_state0", "new_state1"], given)
        encoded.append(frames)
    return np.concatenate(encoded, axis=1)


@pytest.mark.parametrize("part", ["", "three"])
def test_the_encoder_equals_the_reference_frame_by_frame(folder, part):
    network = Network.load(folder / "exact.stapes")
    signals = [sound(1.5, seed) for seed in (0, 1)]
    expected = [network.accept(signal, network.init_state())[0] for signal in signals]
    features = np.stack([Fbank()(signal) for signal in signals])
    encoded = encode(folder / part / "encoder.onnx", features)
    assert encoded.shape[1] == 36
    for stream in (0, 1):
        both = min(len(expected[stream]), encoded.shape[1])
        assert both >= 35
        np.testing.assert_allclose(encoded[stream, :both], expected[stream][:both, : SIZES.joint], atol=1e-4)


def test_decoder_and_joiner_equal_the_reference(folder):
    network = Network.load(folder / "exact.stapes")
    contexts = np.array([[-1, 0], [0, 3], [5, 11]])
    (predicted,) = session(folder / "decoder.onnx").run(None, {"y": contexts})
    np.testing.assert_allclose(predicted, network.predict(contexts), atol=1e-5)
    frame = network.accept(sound(1), network.init_state())[0][5, : SIZES.joint]
    given = {"encoder_out": np.tile(frame, (3, 1)), "decoder_out": predicted}
    (logits,) = session(folder / "joiner.onnx").run(["logit"], given)
    log_probs = logits - np.log(np.exp(logits.astype(np.float64)).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(log_probs, network.join(frame, predicted), atol=1e-4)


def test_int8_is_near_the_floats_and_smaller(folder):
    features = Fbank()(sound(1.5))[None]
    exact, rounded = (encode(folder / f"encoder{kind}.onnx", features) for kind in ("", ".int8"))
    error = np.sqrt(np.square(exact - rounded).mean() / np.square(exact).mean())
    assert 0 < error < 0.1
    for name in NAMES:
        weights = (folder / f"{name}.int8.onnx").read_bytes()
        assert b"quantized" in weights, name
    assert b"DynamicQuantizeLSTM" in (folder / "encoder.int8.onnx").read_bytes()


def test_the_int8_decoder_and_joiner_run(folder):
    contexts = np.array([[-1, 0], [5, 11]])
    exact, rounded = (
        session(folder / f"decoder{kind}.onnx").run(None, {"y": contexts})[0] for kind in ("", ".int8")
    )
    assert np.abs(exact - rounded).max() < 0.1 * np.abs(exact).max()
    given = {"encoder_out": exact, "decoder_out": exact}
    exact, rounded = (session(folder / f"joiner{kind}.onnx").run(None, given)[0] for kind in ("", ".int8"))
    assert np.abs(exact - rounded).max() < 0.1 * np.abs(exact).max()


@pytest.mark.parametrize("kind", ["", ".int8"])
def test_metadata_and_order_of_tensors_are_those_of_the_format(folder, kind):
    read = {name: session(folder / f"{name}{kind}.onnx") for name in NAMES}
    facts = {name: each.get_modelmeta().custom_metadata_map for name, each in read.items()}
    expected = {"model_type": "lstm", "num_encoder_layers": "2", "T": "7", "decode_chunk_len": "4"}
    expected |= {"rnn_hidden_size": "24", "d_model": "24", "version": "1", "model_author": "stapes"}
    assert expected.items() <= facts["encoder"].items()
    assert facts["decoder"]["context_size"] == "2"
    assert facts["decoder"]["vocab_size"] == str(SIZES.vocabulary)
    assert facts["joiner"]["joiner_dim"] == "11"
    assert [each.name for each in read["encoder"].get_inputs()] == ["x", "state0", "state1"]
    assert [each.name for each in read["encoder"].get_outputs()] == [
        "encoder_out",
        "new_state0",
        "new_state1",
    ]
    assert [each.name for each in read["joiner"].get_inputs()] == ["encoder_out", "decoder_out"]
    assert len(read["decoder"].get_outputs()) == 1
    three = session(folder / "three" / f"encoder{kind}.onnx").get_modelmeta().custom_metadata_map
    assert (three["T"], three["decode_chunk_len"]) == ("15", "12")


def test_the_vocabulary_goes_along(folder):
    lines = (folder / "tokens.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [f"{piece} {label}" for label, piece in enumerate(PIECES)]


def test_two_exports_have_the_same_bytes(folder, tmp_path):
    for path in export_onnx(folder / "best.safetensors", tmp_path):
        first, second = (hashlib.sha256(each.read_bytes()).hexdigest() for each in (folder / path.name, path))
        assert first == second, path.name
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("frames", [0, 101])
def test_frames_out_of_range_are_refused(folder, tmp_path, frames):
    with pytest.raises(ConfigError, match=f"^export: frames is {frames}; 1 to 100 are accepted$"):
        export_onnx(folder / "best.safetensors", tmp_path / "new", frames)
    assert not (tmp_path / "new").exists()


def test_features_that_sherpa_onnx_does_not_compute_are_refused(folder, tmp_path):
    saved = checkpoint.load(folder / "best.safetensors")
    recipe = saved.facts["recipe"]
    features = {**recipe["features"], "high_hz": 7000.0}
    facts = {**saved.facts, "recipe": {**recipe, "features": features}}
    checkpoint.save(tmp_path / "other.safetensors", replace(saved, facts=facts))
    with pytest.raises(ConfigError, match=r"features.high_hz is 7000.0; for export 7600.0 is expected"):
        export_onnx(tmp_path / "other.safetensors", tmp_path / "new")


def test_the_command_writes_the_files_and_lists_them(folder, tmp_path, capsys):
    assert main(["export", str(folder / "best.safetensors"), str(tmp_path), "--frames", "2"]) == 0
    names = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 7


def test_a_missing_package_is_told_in_one_sentence(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "stapes.compress.onnx_graphs", raising=False)
    monkeypatch.delattr("stapes.compress.onnx_graphs", raising=False)
    assert main(["export", str(folder / "best.safetensors"), str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told == "stapes: error: Exporting needs the package onnx: pip install 'stapes[export]'\n"


def test_what_is_no_checkpoint_is_told_in_one_sentence(tmp_path, capsys):
    (tmp_path / "wrong.safetensors").write_bytes(b"nothing")
    assert main(["export", str(tmp_path / "wrong.safetensors"), str(tmp_path / "onnx")]) == 2
    told = capsys.readouterr().err
    assert told.startswith("stapes: error: ")
    assert "wrong.safetensors: not a checkpoint of stapes train" in told
    assert told.count("\n") == 1
