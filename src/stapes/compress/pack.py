"""Pack a checkpoint: matrices in 8 bits with a scale per row, vectors as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from stapes import config, format
from stapes.codec import Codec, Float32, Uniform
from stapes.compress.language_model import language_model_metadata, language_model_tensors
from stapes.corpus import Subwords, read_sentences
from stapes.train import checkpoint
from stapes.train.recipe import Recipe

# The CTC head helps training only.
_TRAINING_ONLY = ("ctc.",)


def pack(source: Path, target: Path, codec: Codec | None = None, text: Path | None = None) -> None:
    """Write the averaged weights of a checkpoint as a packed model.

    Args:
        source: ``best.safetensors`` or ``checkpoint.safetensors`` of a training run.
        target: the ``.stapes`` file to write.
        codec: of the matrices; 8 bits with a scale per row by default.
        text: sentences in spoken form, one a line, for a language model; none is packed by default.

    Raises:
        TrainingError: ``source`` is no checkpoint.
        ConfigError: the recipe stored in it is not one of this version.
        CorpusError: ``text`` cannot be read or holds no sentence.
    """
    saved = checkpoint.load(source)
    recipe = config.build(Recipe, saved.facts["recipe"], f"{source}: recipe")
    weights = saved.average or saved.weights
    tensors = {
        name: (tensor.float().numpy(), _codec(tensor, codec or Uniform()))
        for name, tensor in weights.items()
        if not name.startswith(_TRAINING_ONLY)
    }
    metadata = _metadata(recipe, saved.facts, saved.step)
    if text is not None:
        subwords = Subwords.from_bytes(bytes.fromhex(saved.facts["subwords"]))
        sentences = [subwords.encode(sentence) for sentence in read_sentences(text)]
        tensors |= language_model_tensors(sentences, len(subwords.pieces), recipe.language_model)
        metadata["language_model"] = language_model_metadata(recipe.language_model)
    format.write(target, metadata, tensors)


def _codec(tensor: Tensor, matrices: Codec) -> Codec:
    return matrices if tensor.ndim > 1 else Float32()


def _metadata(recipe: Recipe, facts: Mapping[str, Any], step: int) -> dict[str, Any]:
    sizes = config.to_dict(recipe.network)
    return {
        "name": recipe.name,
        "licence": recipe.licence,
        "languages": list(recipe.languages),
        "network": {
            "kind": "transducer",
            "features": config.to_dict(recipe.features),
            "vocabulary": facts["pieces"],
            **{name: sizes[name] for name in ("hidden", "layers", "embedding", "joint")},
            "channels": list(recipe.network.channels),
            "tail_ms": recipe.data.tail_ms,
        },
        "training": {"recipe": config.to_dict(recipe), "step": step},
    }


def half_precision(source: Path, target: Path) -> None:
    """Write the averaged weights of a checkpoint as float16 safetensors, to go on training from elsewhere."""
    saved = checkpoint.load(source)
    halves = {name: tensor.half() for name, tensor in (saved.average or saved.weights).items()}
    checkpoint.save(target, checkpoint.Checkpoint(saved.step, halves, {}, {}, saved.facts))
