"""How much worse a network hears when its weights are changed, on recordings, by batches in torch.

Letters: B batch, T encoder frames, F feature frames, M mel bins, J joint, V vocabulary, N frames of all recordings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stapes.compress.compensation import Moments
from stapes.compress.ctc_head import split_head
from stapes.compress.trained import Trained
from stapes.corpus import Subwords, Utterance, normalise
from stapes.corpus.recording import read_utterance
from stapes.errors import CorpusError
from stapes.evaluate import Pair, score
from stapes.features import Fbank
from stapes.model.transducer import RECEPTIVE_FRAMES, Transducer, label_contexts
from stapes.train.data import Batch, collate
from stapes.train.evaluate import greedy_labels
from stapes.units import ms_to_samples

Tensors = Mapping[str, NDArray[np.float32]]

_BATCH = 32
# What comes after the encoder: its output need not be computed again when these change.
_DECODER = ("embedding.", "context.", "predictor_projection.", "output.")


@dataclass(frozen=True)
class Recording:
    """What was said, and its features [F, M]."""

    text: str
    features: NDArray[np.float32]


def read_recordings(trained: Trained, utterances: Sequence[Utterance]) -> list[Recording]:
    """The recordings of ``utterances`` as the network hears them, the shortest first; tail silence included.

    Raises:
        CorpusError: there is none that is long enough for a frame.
        AudioError: one cannot be read.
    """
    fbank, rate_hz = Fbank(trained.recipe.features), trained.recipe.features.sample_rate_hz
    tail = np.zeros(ms_to_samples(trained.recipe.data.tail_ms, rate_hz), np.float32)
    recordings = []
    for utterance in utterances:
        samples = np.concatenate([read_utterance(utterance), tail])
        recordings.append(Recording(normalise(utterance.text), fbank(samples)))
    kept = [each for each in recordings if len(each.features) >= RECEPTIVE_FRAMES]
    if not kept:
        raise CorpusError(f"compress: {len(recordings)} recordings; at least one of 0.1 s is expected")
    return sorted(kept, key=lambda each: len(each.features))


@dataclass(frozen=True)
class _Heard:
    """What the exact network makes of a batch.

    Args:
        batch: the recordings.
        kept: [B, T] which frames are of a recording.
        encoded: [N, J] encoder part of these frames.
        contexts: [N, 2] last two labels at these frames, on the network's own greedy path.
        log_probs: [N, V] of the next label there.
    """

    batch: Batch
    kept: Tensor
    encoded: Tensor
    contexts: Tensor
    log_probs: Tensor


@final
class Listener:
    """A network whose weights can be exchanged, and the recordings that it is judged by.

    Args:
        network: as trained; its weights are replaced.
        weights: the exact ones, in the form of ``spec/numerics.md``, section 8.
    """

    def __init__(self, network: Transducer, weights: Tensors) -> None:
        self._network, self._weights = network, dict(weights)
        self._heard: list[_Heard] = []

    def listen(self, recordings: Sequence[Recording]) -> None:
        """Remember what the exact network makes of ``recordings``; later divergences are measured there."""
        self._load({})
        self._heard = [_hear(self._network, batch) for batch in _batches(recordings)]

    @torch.no_grad()
    def divergence(self, changes: Tensors) -> float:
        """Mean Kullback–Leibler divergence, in nats a frame, that ``changes`` of some weights cause.

        Args:
            changes: tensors in place of the exact ones, by name.
        """
        self._load(changes)
        encoder_changes = any(not name.startswith(_DECODER) for name in changes)
        total, frames = 0.0, 0
        for heard in self._heard:
            encoded = heard.encoded
            if encoder_changes:
                encoded = self._network.encode(heard.batch.features)[0][heard.kept]
            found = self._network.join(encoded, self._network.predict(heard.contexts)).log_softmax(-1)
            total += float((heard.log_probs.exp() * (heard.log_probs - found)).sum())
            frames += len(found)
        return max(0.0, total / frames)

    @torch.no_grad()
    def moments(self, recordings: Sequence[Recording]) -> dict[str, Moments]:
        """How the inputs of the large matrices of the encoder go together in ``recordings``, by name of the matrix."""
        self._load({})
        network = self._network
        sums: dict[str, Tensor] = {}
        kept = torch.empty(0)

        def add(name: str, inputs: Tensor) -> None:
            rows = inputs.transpose(0, 1)[kept]
            sums[name] = sums.get(name, torch.zeros(())) + (rows.T @ rows).double()

        def of_lstm(name: str) -> Callable[[nn.Module, Any, Any], None]:
            def observe(module: nn.Module, inputs: Any, outputs: Any) -> None:
                before = torch.nn.functional.pad(outputs[0][:-1], (0, 0, 0, 0, 1, 0))
                add(name, torch.cat([inputs[0], before], dim=-1))

            return observe

        def of_linear(name: str) -> Callable[[nn.Module, Any], None]:
            return lambda module, inputs: add(name, inputs[0])

        handles = [
            network.subsampling.linear.register_forward_pre_hook(of_linear("subsampling.linear.weight")),
            network.encoder_projection.register_forward_pre_hook(of_linear("encoder_projection.weight")),
            *(
                lstm.register_forward_hook(of_lstm(f"lstms.{layer}.weight"))
                for layer, lstm in enumerate(network.lstms)
            ),
        ]
        try:
            frames = 0
            for batch in _batches(recordings):
                kept = torch.arange(int(batch.frames.max())) < batch.frames[:, None]
                frames += int(batch.frames.sum())
                network.encode(batch.features)
        finally:
            for handle in handles:
                handle.remove()
        return {name: Moments(total.numpy() / frames) for name, total in sums.items()}

    def word_error_rate(self, changes: Tensors, recordings: Sequence[Recording], subwords: Subwords) -> float:
        """Word error rate of a greedy search with ``changes`` of some weights.

        Raises:
            CorpusError: nothing is said in ``recordings``.
        """
        self._load(changes)
        labels = [
            row
            for batch in _batches(recordings)
            for row in greedy_labels(self._network, batch.features, batch.frames)
        ]
        pairs = [
            Pair(str(index), recording.text, subwords.decode(found))
            for index, (recording, found) in enumerate(zip(recordings, labels, strict=True))
        ]
        wer = score(pairs).wer
        if wer is None:
            raise CorpusError("compress: nothing is said in the recordings; words to be heard are expected")
        return wer

    def _load(self, changes: Tensors) -> None:
        weights = _apart({**self._weights, **changes})
        self._network.load_state_dict(weights, strict=False)


def _batches(recordings: Sequence[Recording]) -> list[Batch]:
    starts = range(0, len(recordings), _BATCH)
    parts = [recordings[start : start + _BATCH] for start in starts]
    return [collate([each.features for each in part], [[]] * len(part), None, 0) for part in parts]


@torch.no_grad()
def _hear(network: Transducer, batch: Batch) -> _Heard:
    encoded, _ = network.encode(batch.features)
    kept = torch.arange(encoded.shape[1]) < batch.frames[:, None]
    contexts = _greedy_contexts(network, encoded)[kept]
    log_probs = network.join(encoded[kept], network.predict(contexts)).log_softmax(-1)
    return _Heard(batch, kept, encoded[kept], contexts, log_probs)


def _greedy_contexts(network: Transducer, encoded: Tensor) -> Tensor:
    """[B, T, 2] the last two labels at each frame of ``encoded`` [B, T, J]."""
    contexts = label_contexts(torch.zeros(len(encoded), 0, dtype=torch.int64))[:, 0]
    taken = []
    for t in range(encoded.shape[1]):
        taken.append(contexts)
        best = network.join(encoded[:, t], network.predict(contexts)).argmax(-1)
        appended = torch.stack([contexts[:, 1], best], dim=1)
        contexts = torch.where((best != 0)[:, None], appended, contexts)
    return torch.stack(taken, dim=1)


def _apart(weights: Tensors) -> dict[str, Tensor]:
    """Names and shapes of torch: input and recurrent part of an LSTM layer by themselves, its bias once."""
    parts: dict[str, Tensor] = {}
    for name, weight in split_head(weights).items():
        tensor, layer = torch.tensor(weight), name.rpartition(".")[0]
        if name.startswith("lstms.") and name.endswith(".weight"):
            parts[f"{layer}.weight_ih_l0"], parts[f"{layer}.weight_hh_l0"] = tensor.chunk(2, dim=1)
        elif name.startswith("lstms.") and name.endswith(".bias"):
            parts[f"{layer}.bias_ih_l0"], parts[f"{layer}.bias_hh_l0"] = tensor, torch.zeros_like(tensor)
        else:
            parts[name] = tensor
    return parts
