"""Batches: which utterances, how they are changed, and the tensors they become.

All that is random is drawn from (seed, epoch, utterance), never from a running generator: any step can be made again
by itself, which is what makes an interrupted run go on bit-identically, on any number of workers and processes.
Letters: B batch, F feature frames, M mel bins, U labels, L layers, H hidden.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stapes.corpus import Utterance
from stapes.corpus.augment import Augmenter, Sounds, spec_augment
from stapes.corpus.recording import read_utterance
from stapes.errors import CorpusError
from stapes.features import Fbank
from stapes.model.transducer import encoder_frames
from stapes.train.recipe import DataConfig, Recipe
from stapes.units import ms_to_samples, seconds_to_samples

Progress = Callable[[int], object]
# Features [F, M], labels, and dropout mask [L, H] of an utterance.
Example = tuple[NDArray[np.float32], list[int], NDArray[np.float32]]


class AudioBank:
    """All recordings of a manifest, decoded once into one file of 16-bit samples at 16 kHz.

    Args:
        folder: where ``audio-<digest>.pcm`` and its index are kept; an existing pair of the same utterances is reused.
        utterances: what to hold.
        progress: called with the number of utterances done.
    """

    def __init__(self, folder: Path, utterances: Sequence[Utterance], progress: Progress) -> None:
        key = json.dumps([[str(u.audio), u.start, u.duration] for u in utterances])
        path = folder / f"audio-{hashlib.sha256(key.encode()).hexdigest()[:16]}.pcm"
        index = path.with_suffix(".npy")
        if not index.exists():
            _decode_all(path, index, utterances, progress)
        self._path = path
        self._offsets: NDArray[np.int64] = np.load(index)

    def __getitem__(self, position: int) -> NDArray[np.float32]:
        """Samples [N] in [-1, 1] of the utterance at ``position``."""
        begin, end = (int(offset) for offset in self._offsets[position : position + 2])
        pcm = np.fromfile(self._path, "<i2", end - begin, offset=2 * begin)
        return pcm.astype(np.float32) / np.float32(32768)

    def __len__(self) -> int:
        return len(self._offsets) - 1


def _decode_all(path: Path, index: Path, utterances: Sequence[Utterance], progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    offsets = [0]
    with partial.open("wb") as file:
        for done, utterance in enumerate(utterances, start=1):
            pcm = np.clip(np.round(read_utterance(utterance) * 32768), -32768, 32767).astype("<i2")
            file.write(pcm.tobytes())
            offsets.append(offsets[-1] + len(pcm))
            progress(done)
    partial.replace(path)
    with index.with_suffix(".partial").open("wb") as file:
        np.save(file, np.array(offsets))
    index.with_suffix(".partial").replace(index)


@dataclass(frozen=True)
class Batch:
    """Tensors of one step on one process.

    Args:
        features: [B, F, M] log-mel frames, tail silence included, padded with zeros.
        frames: [B] encoder frames of each utterance.
        labels: [B, U] label ids, padded with 0.
        label_counts: [B].
        dropout_masks: [B, L, H], or None without dropout.
        speech_seconds: of audio in it, padding not counted.
        total_labels: labels of the step over all processes, and one for the end of each utterance.
    """

    features: Tensor
    frames: Tensor
    labels: Tensor
    label_counts: Tensor
    dropout_masks: Tensor | None
    speech_seconds: float
    total_labels: int

    def to(self, device: torch.device) -> "Batch":
        """The same on ``device``."""
        return Batch(
            self.features.to(device),
            self.frames.to(device),
            self.labels.to(device),
            self.label_counts.to(device),
            None if self.dropout_masks is None else self.dropout_masks.to(device),
            self.speech_seconds,
            self.total_labels,
        )


def plan_epoch(
    utterances: Sequence[Utterance], config: DataConfig, seed: int, epoch: int, processes: int = 1
) -> list[list[int]]:
    """Positions of the utterances of every step of an epoch, of like lengths within a step, steps in random order.

    Positions from ``len(utterances)`` on stand for examples in which nobody speaks.
    """
    rng = np.random.default_rng((seed, epoch))
    weights = np.array([config.weights.get(u.set or "", 1.0) for u in utterances])
    times = np.floor(weights + rng.random(len(weights))).astype(int)
    chosen = np.repeat(np.arange(len(utterances)), times)
    if len(chosen) < processes:
        raise CorpusError(
            f"training data: {len(chosen)} utterances for {processes} processes; at least one each is expected"
        )
    backgrounds = range(len(utterances), len(utterances) + round(config.background_share * len(chosen)))
    seconds = np.array(
        [utterances[position].duration for position in chosen.tolist()]
        + [_background_seconds(position, config.max_seconds) for position in backgrounds]
    )
    chosen = np.concatenate([chosen, np.array(backgrounds, dtype=chosen.dtype)])
    order = np.argsort(seconds * rng.uniform(0.9, 1.1, len(seconds)), kind="stable")
    steps: list[list[int]] = [[]]
    longest = 0.0
    for place in order:
        longest = max(longest, seconds[place])
        if steps[-1] and longest * (len(steps[-1]) + 1) > config.batch_seconds:
            steps.append([])
            longest = seconds[place]
        steps[-1].append(int(chosen[place]))
    if len(steps) > 1 and len(steps[-1]) < processes:
        steps[-2].extend(steps.pop())
    return [steps[place] for place in rng.permutation(len(steps))]


def _background_seconds(position: int, max_seconds: float) -> float:
    """1 s to ``max_seconds``, in eight steps."""
    return 1 + (max_seconds - 1) * (position % 8) / 7


@dataclass(frozen=True)
class Share:
    """Which utterances of a step are this process's: every ``processes``-th, beginning at ``rank``."""

    rank: int = 0
    processes: int = 1


class FeatureMaker:
    """Features of sound as the device hears it: with the tail of silence that ends a stream."""

    def __init__(self, recipe: Recipe, bank: AudioBank) -> None:
        self.bank = bank
        self._fbank = Fbank(recipe.features)
        self._tail = np.zeros(ms_to_samples(recipe.data.tail_ms, recipe.features.sample_rate_hz), np.float32)

    def of(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features [F, M] of ``samples`` [N]."""
        return self._fbank(np.concatenate([samples, self._tail]))

    def __getitem__(self, position: int) -> NDArray[np.float32]:
        """Features [F, M] of an utterance as it was recorded."""
        return self.of(self.bank[position])


class BatchMaker:
    """Makes the batch of an (epoch, positions) pair.

    Args:
        recipe: of the run.
        features: of the training utterances.
        labels: of each training utterance.
        feature_mean: [M], what masks are filled with.
        noises: recorded, without speech.
    """

    def __init__(
        self,
        recipe: Recipe,
        features: FeatureMaker,
        labels: Sequence[list[int]],
        feature_mean: NDArray[np.float32],
        noises: Sounds = (),
    ) -> None:
        self.recipe = recipe
        self._features, self._labels, self._mean = features, labels, feature_mean
        self._augmenter = Augmenter(recipe.augment, recipe.seed, noises)

    def make(self, epoch: int, positions: Sequence[int], share: Share, clean: bool = False) -> Batch:
        """The batch of this process's share of ``positions``, augmented unless ``clean``."""
        examples = [
            self._example(epoch, position, clean) for position in positions[share.rank :: share.processes]
        ]
        return collate(
            [features for features, _, _ in examples],
            [labels for _, labels, _ in examples],
            None if self.recipe.loss.dropout == 0 else np.stack([mask for _, _, mask in examples]),
            sum(1 + len(self._labels[p]) if p < len(self._labels) else 1 for p in positions),
        )

    def _example(self, epoch: int, position: int, clean: bool) -> Example:
        rng = np.random.default_rng((self.recipe.seed, epoch, position))
        network, keep = self.recipe.network, 1 - self.recipe.loss.dropout
        mask = (rng.random((network.layers, network.hidden)) < keep) / keep
        if position >= len(self._labels):
            return self._background(position, rng), [], mask.astype(np.float32)
        if clean:
            return self._features[position], self._labels[position], np.ones_like(mask, np.float32)
        return self._augmented(position, rng), self._labels[position], mask.astype(np.float32)

    def _augmented(self, position: int, rng: np.random.Generator) -> NDArray[np.float32]:
        recorded = self._features.bank[position]
        features = self._features.of(self._augmenter(recorded, rng, babble=self._bystander))
        if encoder_frames(torch.tensor(len(features))) < len(self._labels[position]):
            # Sped up or cut beyond one label per frame: the recording as it is.
            features = self._features.of(recorded)
        return spec_augment(features - self._mean, rng, self.recipe.spec_augment, 0.0) + self._mean

    def _background(self, position: int, rng: np.random.Generator) -> NDArray[np.float32]:
        seconds = _background_seconds(position, self.recipe.data.max_seconds)
        length = seconds_to_samples(seconds, self.recipe.features.sample_rate_hz)
        return self._features.of(self._augmenter.background(length, rng, self._bystander))

    def _bystander(self, rng: np.random.Generator) -> NDArray[np.float32]:
        bank = self._features.bank
        return bank[int(rng.integers(len(bank)))]


def collate(
    features: Sequence[NDArray[np.float32]],
    labels: Sequence[Sequence[int]],
    dropout_masks: NDArray[np.float32] | None,
    total_labels: int,
) -> Batch:
    """Pad examples into a batch."""
    lengths = torch.tensor([len(frames) for frames in features])
    padded = torch.zeros(len(features), int(lengths.max()), features[0].shape[1])
    padded_labels = torch.zeros(len(labels), max(1, max(map(len, labels))), dtype=torch.int64)
    for row, (frames, ids) in enumerate(zip(features, labels, strict=True)):
        padded[row, : len(frames)] = torch.from_numpy(frames)
        padded_labels[row, : len(ids)] = torch.tensor(ids, dtype=torch.int64)
    return Batch(
        padded,
        encoder_frames(lengths),
        padded_labels,
        torch.tensor([len(ids) for ids in labels]),
        None if dropout_masks is None else torch.from_numpy(dropout_masks),
        float(lengths.sum()) / 100,
        total_labels,
    )


class Steps(torch.utils.data.Dataset[Batch]):
    """The batches of a planned stretch of an epoch, by index, for a DataLoader's workers.

    Args:
        maker: makes them.
        epoch: its number.
        plan: positions of each step's utterances.
        clean: how many of the first steps are not augmented.
        share: of this process.
    """

    def __init__(
        self, maker: BatchMaker, epoch: int, plan: Sequence[Sequence[int]], clean: int, share: Share
    ) -> None:
        self._maker, self._epoch, self._plan, self._clean, self._share = maker, epoch, plan, clean, share

    def __len__(self) -> int:
        return len(self._plan)

    def __getitem__(self, index: int) -> Batch:
        return self._maker.make(self._epoch, self._plan[index], self._share, index < self._clean)
