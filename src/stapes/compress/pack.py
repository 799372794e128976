"""Pack a checkpoint: matrices in 8 bits with a scale per row, vectors as they are."""

from pathlib import Path

from stapes import format
from stapes.codec import Codec, Dense, Float32
from stapes.compress.trained import read_trained


def pack(source: Path, target: Path, codec: Codec | None = None, text: Path | None = None) -> None:
    """Write the averaged weights of a checkpoint as a packed model.

    Args:
        source: ``best.safetensors`` or ``checkpoint.safetensors`` of a training run.
        target: the ``.stapes`` file to write.
        codec: of the matrices; 8 bits with a scale per row, entropy-coded, by default.
        text: sentences in spoken form, one a line, for a language model; none is packed by default.

    Raises:
        TrainingError: ``source`` is no checkpoint.
        ConfigError: the recipe stored in it is not one of this version.
        CorpusError: ``text`` cannot be read or holds no sentence.
    """
    trained = read_trained(source)
    matrices = codec or Dense(8, coded=1)
    tensors = {
        name: (weight, matrices if weight.ndim > 1 else Float32()) for name, weight in trained.weights.items()
    }
    language_model, metadata = trained.language_model(text)
    format.write(target, {**trained.metadata, **metadata}, tensors | language_model)
