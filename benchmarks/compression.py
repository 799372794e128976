"""What weights of fewer bits cost in words: the same codec everywhere, and codecs chosen for each matrix."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks import manifests
from benchmarks.record import record, results_option
from stapes import format
from stapes.codec import Dense, Float32, IntegerCodec
from stapes.compress import Budget, compress, fold, integer_metadata, measure_ranges
from stapes.compress.listening import Listener, Recording, read_recordings
from stapes.compress.post_training import JUDGED, spread
from stapes.compress.trained import Trained, read_trained
from stapes.corpus import Subwords, Utterance, normalise
from stapes.corpus.recording import read_utterance
from stapes.engine import IntegerNetwork, Network
from stapes.evaluate import Pair, score
from stapes.session import Recognizer
from stapes.units import SAMPLE_RATE_HZ

SETS = ("dev-an4", "dev-synthetic")
BITS = (8, 6, 4, 3)
Tensors = Mapping[str, NDArray[np.float32]]


@click.command("compression")
@manifests.data_option
@click.option(
    "--checkpoint", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Weights as trained."
)
@click.option(
    "--text", type=click.Path(dir_okay=False, path_type=Path), help="Sentences of the language model."
)
@click.option("--limit", default=150, show_default=True, type=click.IntRange(2), help="Recordings a set.")
@click.option(
    "--size", "sizes", multiple=True, type=int, default=(4_000_000, 3_000_000), help="Budgets in bytes."
)
@click.option(
    "--beam", default=0, help="Hear the models with chosen codecs in integers as well; 1 is greedy."
)
@results_option
def main(
    data: Path,
    checkpoint: Path,
    text: Path | None,
    limit: int,
    sizes: Sequence[int],
    beam: int,
    results: Path,
) -> None:
    """Compress the network of a checkpoint in several ways; measure bytes, divergence and word error rates."""
    sets = {name: manifests.load(data, name, limit) for name in SETS}
    bench = Bench(read_trained(checkpoint), sets, text)
    facts: dict[str, Any] = {
        "sets": {name: manifests.checksum(some) for name, some in sets.items()},
        "recordings": {name: len(some) for name, some in sets.items()},
        "float": bench.heard({}),
        "everywhere": {f"dense {bits}": bench.everywhere(bits) for bits in BITS},
        "chosen": {str(size): bench.chosen(checkpoint, size, beam) for size in sizes},
    }
    record("compression", facts, folder=results)


class Bench:
    """A trained network with exchangeable weights, and the recordings that it is measured on."""

    def __init__(self, trained: Trained, sets: Mapping[str, list[Utterance]], text: Path | None) -> None:
        self._trained, self._sets, self._text = trained, sets, text
        self._recordings: dict[str, list[Recording]] = {
            name: read_recordings(trained, some) for name, some in sets.items()
        }
        judged = [each for some in self._recordings.values() for each in spread(some, JUDGED // len(sets))]
        network = trained.network()
        self._ranges = measure_ranges(network, [each.features for each in judged])
        self._weights = fold(trained.weights, self._ranges)
        self._listener = Listener(network, self._weights)
        self._listener.listen(judged)
        self._subwords = Subwords.from_bytes(trained.subwords)

    def heard(self, changes: Tensors) -> dict[str, Any]:
        """Divergence on 40 recordings and word error rate of a greedy search by set."""
        wer = {
            name: self._listener.word_error_rate(changes, some, self._subwords)
            for name, some in self._recordings.items()
        }
        return {"divergence": self._listener.divergence(changes), "wer": wer}

    def everywhere(self, bits: int) -> dict[str, Any]:
        """All matrices in ``bits``: bytes of the file, packed and entropy-coded."""
        click.echo(f"dense {bits}", err=True)
        matrices = {name: weight for name, weight in self._weights.items() if weight.ndim > 1}
        integers = {name: Dense(bits).quantise(weight) for name, weight in matrices.items()}
        facts = self.heard({name: each.floats() for name, each in integers.items()})
        return {
            "bytes": self._file_bytes(integers, Dense(bits)),
            "coded_bytes": self._file_bytes(integers, Dense(bits, coded=1)),
            **facts,
        }

    def chosen(self, checkpoint: Path, size_bytes: int, beam: int) -> dict[str, Any]:
        """A codec for each matrix, chosen for a file of ``size_bytes``."""
        click.echo(f"{size_bytes} bytes", err=True)
        judged = [each for some in self._sets.values() for each in spread(some, JUDGED // len(self._sets))]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.stapes"
            report = compress(checkpoint, path, Budget(size_bytes), judged, self._text)
            packed = format.read(path)
            ranges = packed.metadata["integer"]["ranges"]
            listener = Listener(self._trained.network(), fold(self._trained.weights, ranges))
            changes = {tensor.name: packed.tensors[tensor.name] for tensor in report.tensors}
            wer = {
                name: listener.word_error_rate(changes, some, self._subwords)
                for name, some in self._recordings.items()
            }
            facts = {
                "bytes": report.size_bytes,
                "codecs": {tensor.name: tensor.codec for tensor in report.tensors},
                "divergence": report.divergence,
                "wer": wer,
            }
            if beam:
                exact = replace(packed, tensors=fold(self._trained.weights, ranges) | _rest(packed))
                facts["beam"] = beam
                facts["recognised_in_floats"] = self._recognised(Network(exact), beam)
                facts["recognised_in_integers"] = self._recognised(IntegerNetwork(packed), beam)
        return facts

    def _file_bytes(self, integers: Mapping[str, Any], codec: IntegerCodec) -> int:
        language_model, described = self._trained.language_model(self._text)
        vectors = {name: (weight, Float32()) for name, weight in self._weights.items() if weight.ndim < 2}
        matrices = {name: (each, codec) for name, each in integers.items()}
        metadata = {**self._trained.metadata, "integer": integer_metadata(self._ranges), **described}
        return len(format.pack(metadata, {**vectors, **matrices, **language_model}))

    def _recognised(self, network: Network | IntegerNetwork, beam: int) -> dict[str, float | None]:
        recognizer, rates = Recognizer(network, beam), {}
        for name, some in self._sets.items():
            with click.progressbar(some, label=f"{type(network).__name__}, {name}", file=sys.stderr) as bar:
                pairs = [
                    Pair(
                        each.id,
                        normalise(each.text),
                        normalise(recognizer.transcribe(read_utterance(each), SAMPLE_RATE_HZ).text),
                    )
                    for each in bar
                ]
            rates[name] = score(pairs).wer
        return rates


def _rest(packed: format.PackedModel) -> dict[str, NDArray[np.float32]]:
    """The tensors beside the network."""
    return {name: packed.tensors[name] for name in packed.tensors if name.startswith(("ngram.", "endpoint."))}


if __name__ == "__main__":
    main()
