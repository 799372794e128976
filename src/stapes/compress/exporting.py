"""Export of a checkpoint to ONNX, for onnxruntime and for the streaming recognisers of sherpa-onnx."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stapes import config
from stapes.compress.ctc_head import split_head
from stapes.compress.trained import Trained, read_trained
from stapes.errors import ConfigError, MissingExtraError
from stapes.features import FbankConfig
from stapes.model.transducer import CONTEXT_LABELS, RECEPTIVE_FRAMES, SUBSAMPLING

MOST_FRAMES = 100
# Convolutions stay in floats: onnxruntime has no fast one in integers, and they hold few weights.
_QUANTISED = {"encoder": ["MatMul", "LSTM"], "decoder": ["MatMul", "Gather"], "joiner": ["MatMul"]}


def export_onnx(source: Path, folder: Path, frames: int = 1) -> list[Path]:
    """Write the averaged weights of a checkpoint as ONNX files that sherpa-onnx runs (``model_type`` lstm).

    ``encoder.onnx``, ``decoder.onnx`` and ``joiner.onnx`` are in floats; ``encoder.int8.onnx``, … hold 8-bit weights,
    quantised by onnxruntime, with activations quantised while it runs. ``tokens.txt`` holds the vocabulary.

    Args:
        source: ``best.safetensors`` or ``checkpoint.safetensors`` of a training run.
        folder: made if it is not there.
        frames: encoder frames of 40 ms that a call of the encoder gives, 1 to 100. More are faster and later.

    Returns:
        The files written.

    Raises:
        ConfigError: ``frames`` is out of range, the recipe is not one of this version, or its features are not those
            that sherpa-onnx computes.
        MissingExtraError: onnx or onnxruntime is not installed.
        TrainingError: ``source`` is no checkpoint.
    """
    if not 1 <= frames <= MOST_FRAMES:
        raise ConfigError(f"export: frames is {frames}; 1 to {MOST_FRAMES} are accepted")
    trained = read_trained(source)
    _check_features(trained, source)
    graphs = _graphs(trained)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, facts in _metadata(trained, frames).items():
        written.append(_write(folder / f"{name}.onnx", graphs[name], facts))
        written.append(
            _write(folder / f"{name}.int8.onnx", _quantised(graphs[name], _QUANTISED[name]), facts)
        )
    lines = [f"{piece} {label}\n" for label, piece in enumerate(trained.metadata["network"]["vocabulary"])]
    return [*written, _replace(folder / "tokens.txt", "".join(lines).encode())]


def _check_features(trained: Trained, source: Path) -> None:
    """sherpa-onnx computes the features itself, and takes no other settings of them from the files."""
    given, accepted = config.to_dict(trained.recipe.features), config.to_dict(FbankConfig())
    other = [name for name in accepted if name != "mel_bins" and given[name] != accepted[name]]
    if other:
        name = other[0]
        raise ConfigError(
            f"{source}: features.{name} is {given[name]}; for export {accepted[name]} is expected,"
            " since sherpa-onnx computes no other features"
        )


def _graphs(trained: Trained) -> dict[str, Any]:
    try:
        from stapes.compress import onnx_graphs
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "onnx", "export", "Exporting") from None
    weights = split_head(trained.weights)
    return {
        "encoder": onnx_graphs.encoder(weights, trained.recipe.network.layers),
        "decoder": onnx_graphs.decoder(weights),
        "joiner": onnx_graphs.joiner(weights),
    }


def _metadata(trained: Trained, frames: int) -> dict[str, dict[str, str]]:
    """What sherpa-onnx reads from each file, and what people may."""
    sizes = trained.recipe.network
    shared = {"model_author": "stapes", "comment": trained.recipe.name, "licence": trained.recipe.licence}
    encoder = {
        "model_type": "lstm",
        "version": 1,
        "num_encoder_layers": sizes.layers,
        "T": RECEPTIVE_FRAMES + (frames - 1) * SUBSAMPLING,
        "decode_chunk_len": frames * SUBSAMPLING,
        "rnn_hidden_size": sizes.hidden,
        "d_model": sizes.hidden,
    }
    own: Mapping[str, Mapping[str, Any]] = {
        "encoder": encoder,
        "decoder": {"context_size": CONTEXT_LABELS, "vocab_size": sizes.vocabulary},
        "joiner": {"joiner_dim": sizes.joint},
    }
    return {
        name: {**shared, **{key: str(value) for key, value in facts.items()}} for name, facts in own.items()
    }


def _quantised(model: Any, operators: Sequence[str]) -> Any:
    try:
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from onnxruntime.quantization.quant_utils import add_pre_process_metadata
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "onnxruntime", "export", "Exporting") from None
    # The graphs were written with nothing to be simplified; without this it is advised to have that done.
    add_pre_process_metadata(model)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "quantised.onnx"
        quantize_dynamic(model, path, list(operators), per_channel=True, weight_type=QuantType.QInt8)
        return onnx.load(path)


def _write(path: Path, model: Any, facts: Mapping[str, str]) -> Path:
    del model.metadata_props[:]
    for key, value in facts.items():
        model.metadata_props.add(key=key, value=value)
    return _replace(path, model.SerializeToString(deterministic=True))


def _replace(path: Path, content: bytes) -> Path:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    return partial.replace(path)
