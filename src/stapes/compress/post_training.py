"""Post-training quantisation: from a checkpoint and recordings to the packed model that a budget allows."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from stapes import format
from stapes.codec import Codec, Float32, Integers
from stapes.compress.choosing import Choice, Coded, Plan, code, descend, refine
from stapes.compress.compensation import Moments
from stapes.compress.folding import fold, integer_metadata
from stapes.compress.listening import Listener, Recording, read_recordings
from stapes.compress.ranges import measure_ranges
from stapes.compress.report import Report, TensorReport
from stapes.compress.trained import Trained, read_trained
from stapes.corpus import Subwords, Utterance
from stapes.errors import ConfigError

JUDGED = 40
"""Recordings that decide what a codec does to a tensor."""
COUNTED = 400
"""Recordings whose words are counted for a budget of errors, and whose sound tells how inputs go together."""

Item = TypeVar("Item")
Choices = Mapping[str, Sequence[Choice]]
Progress = Callable[[int, int], object]


@dataclasses.dataclass(frozen=True)
class Budget:
    """What a packed model may cost; exactly one of the two is given.

    Args:
        size_bytes: of the file, 1 or more.
        wer_increase: growth of the word error rate, as a share of that of the exact network, 0 or more.
    """

    size_bytes: int | None = None
    wer_increase: float | None = None

    def __post_init__(self) -> None:
        if (self.size_bytes is None) == (self.wer_increase is None):
            raise ConfigError("compress: either a size or an increase of the word error rate is expected")
        if self.size_bytes is not None and self.size_bytes < 1:
            raise ConfigError(f"compress: a size of {self.size_bytes} bytes; 1 and more is accepted")
        if self.wer_increase is not None and not 0 <= self.wer_increase < math.inf:
            raise ConfigError(f"compress: an increase of {self.wer_increase:g}; 0 and more is accepted")


def compress(
    source: Path,
    target: Path,
    budget: Budget,
    utterances: Sequence[Utterance],
    text: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Write the network of a checkpoint as a packed model that runs in integers and keeps ``budget``.

    Activations are scaled to what 40 of the recordings reach. Columns of the encoder's matrices make up for each
    other's errors, by how their inputs go together in at most 400 (`stapes.compress.compensation`). For each matrix and
    each of its candidate codecs, the divergence of the network's output from that of the exact one is measured on the
    40. Then tensors become smaller, the one that costs least divergence for each byte first, until the budget is met or
    used up.

    Args:
        source: ``best.safetensors`` or ``checkpoint.safetensors`` of a training run.
        target: the ``.stapes`` file to write.
        budget: of bytes or of errors; errors are those of a greedy search in at most 400 of the recordings.
        utterances: recordings that the network was not trained on.
        text: sentences in spoken form, one a line, for a language model; none is packed by default.
        progress: called with the number of measurements done and their total.

    Raises:
        TrainingError: ``source`` is no checkpoint.
        ConfigError: no plan keeps the budget.
        CorpusError: there is no usable recording, or ``text`` cannot be read.
        AudioError: a recording cannot be read.
        FormatError: ``target`` cannot be written.
    """
    trained = read_trained(source)
    packer = _Packer.of(trained, read_recordings(trained, spread(utterances, JUDGED)), text)
    counted = read_recordings(trained, spread(utterances, COUNTED))
    coded = packer.coded(packer.listener.moments(counted))
    if budget.size_bytes is not None:
        packer.check(coded, budget.size_bytes)
    choices = packer.choices(coded, progress)
    rates = None
    if budget.size_bytes is not None:
        plan = packer.largest_within(choices, budget.size_bytes)
    else:
        plan, rates = packer.smallest_within(choices, budget.wer_increase or 0.0, counted)
    packer.write(plan, target)
    return packer.report(plan, target.stat().st_size, rates)


def spread(items: Sequence[Item], limit: int) -> list[Item]:
    """At most ``limit`` of ``items``, evenly spread."""
    count = min(limit, len(items))
    return [items[index * len(items) // count] for index in range(count)]


@dataclasses.dataclass(frozen=True)
class _Packer:
    """A network in the form that runs in integers, and all that goes into its packed model.

    Args:
        listener: judges changes of ``weights``.
        weights: of the network, exact.
        fixed: the tensors that are no matrices of the network, with their codecs.
        metadata: of the packed model.
        subwords: a serialised segmenter.
    """

    listener: Listener
    weights: Mapping[str, NDArray[np.float32]]
    fixed: Mapping[str, tuple[NDArray[np.float32], Codec]]
    metadata: Mapping[str, Any]
    subwords: bytes

    @classmethod
    def of(cls, trained: Trained, recordings: Sequence[Recording], text: Path | None) -> "_Packer":
        network = trained.network()
        ranges = measure_ranges(network, [each.features for each in recordings])
        weights = fold(trained.weights, ranges)
        listener = Listener(network, weights)
        listener.listen(recordings)
        language_model, described = trained.language_model(text)
        vectors: dict[str, tuple[NDArray[np.float32], Codec]] = {
            name: (weight, Float32()) for name, weight in weights.items() if weight.ndim < 2
        }
        metadata = {**trained.metadata, "integer": integer_metadata(ranges), **described}
        return cls(listener, weights, vectors | language_model, metadata, trained.subwords)

    def coded(self, moments: Mapping[str, Moments]) -> dict[str, list[Coded]]:
        """Every matrix with every candidate; those make up for errors whose inputs have ``moments``."""
        return {
            name: code(weight, moments.get(name)) for name, weight in self.weights.items() if weight.ndim > 1
        }

    def choices(self, coded: Mapping[str, Sequence[Coded]], progress: Progress) -> dict[str, list[Choice]]:
        """The same with what each does to the network."""
        todo = [(name, each) for name, some in coded.items() for each in some]
        choices: dict[str, list[Choice]] = {name: [] for name in coded}
        for done, (name, each) in enumerate(todo, 1):
            divergence = self.listener.divergence({name: each.integers.floats()})
            choices[name].append(
                Choice(each.candidate, each.integers, each.size_bytes, each.error, divergence)
            )
            progress(done, len(todo))
        return choices

    def check(self, coded: Mapping[str, Sequence[Coded]], size_bytes: int) -> None:
        """Raise ConfigError where not even the smallest candidates fit into ``size_bytes``."""
        smallest = self.size_bytes(
            {name: min(some, key=lambda each: each.size_bytes) for name, some in coded.items()}
        )
        if smallest > size_bytes:
            raise ConfigError(
                f"compress: a size of {size_bytes} bytes was asked for; this network takes {smallest} at least"
            )

    def write(self, plan: Plan, target: Path) -> None:
        """The packed model with the matrices of ``plan``."""
        format.write(target, self.metadata, self._tensors(plan))

    def size_bytes(self, plan: Mapping[str, Coded]) -> int:
        """The size of that file."""
        return len(format.pack(self.metadata, self._tensors(plan)))

    def _tensors(self, plan: Mapping[str, Coded]) -> dict[str, tuple[NDArray[np.float32] | Integers, Codec]]:
        matrices = {name: (choice.integers, choice.candidate.codec) for name, choice in plan.items()}
        return {**self.fixed, **matrices}

    def largest_within(self, choices: Choices, size_bytes: int) -> Plan:
        """The plan whose packed model makes use of ``size_bytes`` and takes no more."""
        plans = list(descend(choices))
        plan = plans[_first(len(plans), lambda index: self.size_bytes(plans[index]) <= size_bytes)]
        spare_bytes = size_bytes - self.size_bytes(plan)
        # Sections are filled up and described in the header, so that a little more is taken than their bytes.
        while (beyond := self.size_bytes(refine(plan, choices, spare_bytes)) - size_bytes) > 0:
            spare_bytes -= beyond
        return refine(plan, choices, spare_bytes)

    def smallest_within(
        self, choices: Choices, increase: float, recordings: Sequence[Recording]
    ) -> tuple[Plan, tuple[float, float]]:
        """The smallest plan whose word error rate grows by at most ``increase``; the rate before and after."""
        plans = list(descend(choices))
        subwords = Subwords.from_bytes(self.subwords)
        exact = self.listener.word_error_rate({}, recordings, subwords)
        rates: dict[int, float] = {}

        def beyond(index: int) -> bool:
            changes = {name: choice.integers.floats() for name, choice in plans[index].items()}
            rates[index] = self.listener.word_error_rate(changes, recordings, subwords)
            return rates[index] > exact * (1 + increase)

        found = _first(len(plans), beyond) - 1
        if found < 0:
            raise ConfigError(
                f"compress: an increase of {increase:.1%} was asked for; with all matrices in 8 bits the word error"
                f" rate grows from {exact:.2%} to {rates[0]:.2%}"
            )
        return plans[found], (exact, rates[found])

    def report(self, plan: Plan, size_bytes: int, rates: tuple[float, float] | None) -> Report:
        """What each matrix of ``plan`` costs, and the whole."""
        tensors = tuple(
            TensorReport(
                name,
                self.weights[name].shape,
                str(choice.candidate.codec),
                choice.candidate.kept,
                choice.size_bytes,
                choice.error,
                choice.divergence,
            )
            for name, choice in sorted(plan.items())
        )
        changes = {name: choice.integers.floats() for name, choice in plan.items()}
        return Report(tensors, size_bytes, self.listener.divergence(changes), *(rates or (None, None)))


def _first(count: int, holds: Callable[[int], bool]) -> int:
    """The first of ``count`` indices for which ``holds``, which then holds for all after it; ``count`` if none."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
