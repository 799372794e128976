"""Development word error rate during training, by greedy search over whole batches."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from stapes.corpus import Subwords, Utterance
from stapes.evaluate import Pair, Score, score
from stapes.model.transducer import BLANK, Transducer
from stapes.train.data import FeatureMaker, collate


@torch.no_grad()
def greedy_labels(network: Transducer, features: Tensor, frames: Tensor) -> list[list[int]]:
    """Labels of the best choice at every frame, at most one a frame.

    Args:
        network: in evaluation mode.
        features: [B, F, M], padded at the end.
        frames: [B] valid encoder frames.
    """
    encoder, _ = network.encode(features)
    contexts = torch.tensor([[-1, BLANK]], device=features.device).repeat(len(features), 1)
    predictor = network.predict(contexts)
    labels: list[list[int]] = [[] for _ in range(len(features))]
    for t in range(encoder.shape[1]):
        best = network.join(encoder[:, t], predictor).argmax(-1).masked_fill(t >= frames, BLANK)
        emitted = torch.nonzero(best != BLANK).squeeze(1)
        if len(emitted):
            contexts[emitted] = torch.cat([contexts[emitted, 1:], best[emitted, None]], dim=1)
            predictor[emitted] = network.predict(contexts[emitted])
            for row in emitted.tolist():
                labels[row].append(int(best[row]))
    return labels


def development_score(
    network: Transducer,
    features: FeatureMaker,
    utterances: Sequence[Utterance],
    subwords: Subwords,
    device: torch.device,
    batch_size: int = 32,
) -> Score:
    """Score of ``network`` on unaltered recordings.

    Args:
        network: on ``device``.
        features: of ``utterances``.
    """
    network.eval()
    order = np.argsort([utterance.duration for utterance in utterances])
    pairs = []
    for begin in range(0, len(order), batch_size):
        positions = [int(position) for position in order[begin : begin + batch_size]]
        batch = collate([features[position] for position in positions], [[]] * len(positions), None, 0)
        for position, labels in zip(
            positions, greedy_labels(network, batch.features.to(device), batch.frames.to(device)), strict=True
        ):
            utterance = utterances[position]
            pairs.append(Pair(utterance.id, utterance.text, subwords.decode(labels)))
    network.train()
    return score(pairs)
