"""What a checkpoint of training holds for a packed model: weights, metadata and the means for a language model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from stapes import config
from stapes.compress.ctc_head import join_head, split_head
from stapes.compress.language_model import Tensors, language_model_metadata, language_model_tensors
from stapes.corpus import Subwords, read_sentences
from stapes.model import Transducer
from stapes.train import checkpoint
from stapes.train.recipe import Recipe


@dataclass(frozen=True)
class Trained:
    """A network after training.

    Args:
        recipe: of the training.
        weights: averaged, with the names and shapes of ``spec/network.md``.
        metadata: of the packed model, as JSON.
        subwords: a serialised segmenter, to read a text or to write one from labels.
    """

    recipe: Recipe
    weights: Mapping[str, NDArray[np.float32]]
    metadata: Mapping[str, Any]
    subwords: bytes

    def network(self) -> Transducer:
        """The network in torch, in evaluation mode."""
        network = Transducer(self.recipe.network)
        weights = {name: torch.tensor(weight) for name, weight in split_head(self.weights).items()}
        network.load_state_dict(weights, strict=False)
        return network.eval()

    def language_model(self, text: Path | None) -> tuple[Tensors, dict[str, Any]]:
        """Tensors and metadata of a language model of the sentences in ``text``; nothing where that is None.

        Raises:
            CorpusError: ``text`` cannot be read or holds no sentence.
        """
        if text is None:
            return {}, {}
        subwords = Subwords.from_bytes(self.subwords)
        sentences = [subwords.encode(sentence) for sentence in read_sentences(text)]
        settings = self.recipe.language_model
        tensors = language_model_tensors(sentences, len(subwords.pieces), settings)
        return tensors, {"language_model": language_model_metadata(settings)}


def read_trained(source: Path) -> Trained:
    """The network in the checkpoint ``source``.

    Raises:
        TrainingError: ``source`` is no checkpoint.
        ConfigError: the recipe stored in it is not one of this version.
    """
    saved = checkpoint.load(source)
    recipe = config.build(Recipe, saved.facts["recipe"], f"{source}: recipe")
    averaged = {name: tensor.float().numpy() for name, tensor in saved.averaged.items()}
    weights = join_head(averaged, used=recipe.ctc.scale > 0)
    metadata = _metadata(recipe, saved.facts, saved.step)
    return Trained(recipe, weights, metadata, bytes.fromhex(saved.facts["subwords"]))


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
            "ctc_scale": recipe.ctc.scale,
            "ctc_frames": recipe.ctc.frames,
        },
        "training": {"recipe": config.to_dict(recipe), "step": step, "subwords": facts["subwords"]},
    }
