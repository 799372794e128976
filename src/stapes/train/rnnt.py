"""The transducer loss in which a label takes a frame: at most one label per frame, as in decoding.

Letters: B batch, T encoder frames, U labels, S nodes of a window, J joint, V vocabulary. An alignment is a path from
(0, 0) to (T, U): from (t, u) blank leads to (t + 1, u), label u + 1 to (t + 1, u + 1). The loss is -log of the sum
over all paths; this topology is the "modified" transducer of k2 (Kuang et al., "Pruned RNN-T", 2022, arXiv 2206.13236).
The labels of one frame do not depend on each other, so each step over t is one vectorised operation over [B, U + 1].

The joint is most of the work. As there, it may be computed in a window of S nodes of each frame alone, all others being
left out of the sum; the window is where a cheaper model of the same alignment, a CTC head, expects the labels.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from stapes.errors import TrainingError

_NEVER = float("-inf")


def transducer_loss(
    encoder: Tensor,
    predictor: Tensor,
    output_weight: Tensor,
    output_bias: Tensor,
    labels: Tensor,
    frames: Tensor,
    label_counts: Tensor,
    windows: Tensor | None = None,
) -> Tensor:
    """Negative log-likelihood of every label sequence.

    Args:
        encoder: [B, T, J] encoder part of the joint.
        predictor: [B, U + 1, J] predictor part after 0 to U labels.
        output_weight: [V, J] output layer of the joint, applied to tanh(encoder + predictor).
        output_bias: [V].
        labels: [B, U] int64, 1 to V - 1, anything beyond ``label_counts``.
        frames: [B] int64 valid encoder frames, 1 to T.
        label_counts: [B] int64 valid labels, 0 to ``frames``.
        windows: [B, T, S] the nodes of each frame that are looked at, as ``likely_windows`` gives them; None for all.

    Returns:
        [B] losses in nats; with ``windows`` an upper bound.

    Raises:
        TrainingError: an utterance has more labels than frames.
    """
    if bool((label_counts > frames).any()):
        worst = int(torch.argmax(label_counts - frames))
        raise TrainingError(
            f"transducer loss: utterance {worst} of the batch has {int(label_counts[worst])} labels but only "
            f"{int(frames[worst])} encoder frames; one frame per label is needed"
        )
    # torch leaves Function.apply without types.
    joint: Any = _JointLogProbs.apply
    log_likelihood: Any = _LogLikelihood.apply
    log_blank, log_label = joint(encoder, predictor, output_weight, output_bias, labels, windows)
    if windows is not None:
        nowhere = log_blank.new_full((*encoder.shape[:2], predictor.shape[1]), _NEVER)
        log_blank, log_label = nowhere.scatter(2, windows, log_blank), nowhere.scatter(2, windows, log_label)
    likelihood: Tensor = log_likelihood(log_blank, log_label[:, :, :-1], frames, label_counts)
    return -likelihood


def likely_windows(
    log_probs: Tensor, labels: Tensor, frames: Tensor, label_counts: Tensor, width: int
) -> Tensor:
    """The ``width`` nodes of each frame that hold most of the alignments' probability under a CTC head.

    Windows never move back and by at most one node a frame, so that they hold at least one alignment: the node
    max(start of the window, labels that must have come by now) is in every window and moves by at most one.

    Args:
        log_probs: [B, T, V] of the CTC head, without gradient.
        labels: [B, U] int64.
        frames: [B] int64, 1 to T.
        label_counts: [B] int64, 0 to ``frames``.
        width: S, at least 2.

    Returns:
        [B, T, min(S, U + 1)] int64 nodes, each row consecutive.
    """
    B, T, V = log_probs.shape
    U1 = labels.shape[1] + 1
    width = min(width, U1)
    log_blank = log_probs[:, :, :1].expand(B, T, U1).clone().requires_grad_()
    index = labels.clamp(0, V - 1)[:, None, :].expand(-1, T, -1)
    log_label = log_probs.gather(2, index).requires_grad_()
    # torch leaves Function.apply without types.
    log_likelihood: Any = _LogLikelihood.apply
    with torch.enable_grad():
        total = log_likelihood(log_blank, log_label, frames, label_counts).sum()
    occupied, moved = torch.autograd.grad(total, (log_blank, log_label))
    occupied[:, :, :-1] += moved
    starts = occupied.cumsum(2)
    held = starts[:, :, width - 1 :] - torch.nn.functional.pad(starts, (1, 0))[:, :, : U1 - width + 1]
    time = torch.arange(T, device=log_probs.device)
    first = held.argmax(2).masked_fill(time >= frames[:, None], 0).cummax(1).values
    ahead = (first - time).flip(1).cummax(1).values.flip(1) + time
    return ahead[:, :, None] + torch.arange(width, device=log_probs.device)


class _JointLogProbs(torch.autograd.Function):
    """Log-probabilities [B, T, S] of blank and of the next label at every node; S is U + 1 without windows.

    Written out so that only the activations [B, T, S, J] and the probabilities [B, T, S, V] are kept, once.
    Under autocast the products run in its lower precision, the sums over V in float32.
    """

    @staticmethod
    def forward(
        ctx: Any,
        encoder: Tensor,
        predictor: Tensor,
        weight: Tensor,
        bias: Tensor,
        labels: Tensor,
        windows: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        device = encoder.device.type
        low = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        with torch.autocast(device, enabled=False):
            nodes = _at_nodes(predictor.to(low), windows)
            activation = torch.tanh(encoder.to(low).unsqueeze(2) + nodes)
            # Flat, because a product of four dimensions is copied and split into many small ones.
            flat = torch.addmm(bias.to(low), activation.flatten(0, 2), weight.to(low).T)
            logits = flat.view(*activation.shape[:3], -1)
            high = torch.promote_types(low, torch.float32)
            log_norm = torch.logsumexp(logits.to(high), dim=-1)
            log_blank = logits[..., 0].to(high) - log_norm
            # After the last label there is none; what stands there is cut off or never reached.
            following = torch.nn.functional.pad(labels.clamp(0, weight.shape[0] - 1), (0, 1)).unsqueeze(-1)
            index = _at_nodes(following, windows).expand(*logits.shape[:3], 1)
            log_label = logits.gather(-1, index).squeeze(-1).to(high) - log_norm
        ctx.save_for_backward(activation, logits, log_norm, weight, index, windows)
        ctx.dtypes = encoder.dtype, predictor.dtype
        ctx.predictor_shape = predictor.shape
        return log_blank, log_label

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_blank: Tensor, grad_label: Tensor) -> tuple[Tensor | None, ...]:
        activation, logits, log_norm, weight, index, windows = ctx.saved_tensors
        low = activation.dtype
        with torch.autocast(activation.device.type, enabled=False):
            node = grad_blank + grad_label
            # Not in the lower precision: a rounded log_norm would push every sure frame off its probability of one.
            grad_logits = (logits - log_norm.unsqueeze(-1)).exp_().mul_(-node.unsqueeze(-1))
            grad_logits[..., 0] += grad_blank
            grad_logits.scatter_add_(-1, index, grad_label.unsqueeze(-1))
            grad_bias = grad_logits.sum(dim=(0, 1, 2))
            flat = grad_logits.to(low).flatten(0, 2)
            grad_weight = flat.T @ activation.flatten(0, 2)
            grad_sum = torch.ops.aten.tanh_backward((flat @ weight.to(low)).view_as(activation), activation)
        encoder_dtype, predictor_dtype = ctx.dtypes
        return (
            grad_sum.sum(dim=2).to(encoder_dtype),
            _from_nodes(grad_sum, windows, ctx.predictor_shape).to(predictor_dtype),
            grad_weight.to(weight.dtype),
            grad_bias.to(weight.dtype),
            None,
            None,
        )


def _at_nodes(values: Tensor, windows: Tensor | None) -> Tensor:
    """``values`` [B, U + 1, N] at the nodes of ``windows``, [B, T, S, N]; at all nodes [B, 1, U + 1, N] without."""
    if windows is None:
        return values.unsqueeze(1)
    utterance = torch.arange(len(values), device=values.device)[:, None, None]
    return values[utterance, windows]


def _from_nodes(values: Tensor, windows: Tensor | None, shape: torch.Size) -> Tensor:
    """The sum of ``values`` [B, T, S, N] over all frames at each node, [B, U + 1, N]."""
    if windows is None:
        return values.sum(dim=1)
    first = shape[1] * torch.arange(len(values), device=values.device)[:, None, None]
    high = torch.promote_types(values.dtype, torch.float32)
    summed = values.new_zeros(shape[0] * shape[1], shape[2], dtype=high)
    summed.index_add_(0, (windows + first).flatten(), values.flatten(0, 2).to(high))
    return summed.view(shape)


class _LogLikelihood(torch.autograd.Function):
    """Forward-backward over the lattice; the gradient is each arc's posterior probability."""

    @staticmethod
    def forward(ctx: Any, log_blank: Tensor, log_label: Tensor, frames: Tensor, counts: Tensor) -> Tensor:
        B, T, U1 = log_blank.shape
        time = torch.arange(T, device=log_blank.device)
        # Beyond the last frame of an utterance blank is free and labels are impossible: its total stays where it is.
        ended = (time[None, :] >= frames[:, None]).unsqueeze(-1)
        log_blank = log_blank.masked_fill(ended, 0.0)
        log_label = torch.nn.functional.pad(log_label.masked_fill(ended, _NEVER), (0, 1), value=_NEVER)
        alpha = log_blank.new_full((T + 1, B, U1), _NEVER)
        alpha[0, :, 0] = 0
        by_frame_blank, by_frame_label = log_blank.transpose(0, 1), log_label.transpose(0, 1)
        for t in range(T):
            stay, move = alpha[t] + by_frame_blank[t], alpha[t] + by_frame_label[t]
            alpha[t + 1, :, 0] = stay[:, 0]
            alpha[t + 1, :, 1:] = torch.logaddexp(stay[:, 1:], move[:, :-1])
        total = alpha[T].gather(1, counts[:, None]).squeeze(1)
        ctx.save_for_backward(alpha, by_frame_blank, by_frame_label, counts, total, ended)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_total: Tensor) -> tuple[Tensor | None, ...]:
        alpha, blank, label, counts, total, ended = ctx.saved_tensors
        T, B, U1 = blank.shape
        beta = alpha.new_full((B, U1 + 1), _NEVER)
        beta.scatter_(1, counts[:, None], 0.0)
        arc_blank, arc_label = torch.empty_like(blank), torch.empty_like(label)
        for t in range(T - 1, -1, -1):
            arc_blank[t] = blank[t] + beta[:, :-1]
            arc_label[t] = label[t] + beta[:, 1:]
            beta[:, :-1] = torch.logaddexp(arc_blank[t], arc_label[t])
        scale = grad_total[None, :, None]
        posterior_blank = torch.exp(alpha[:-1] + arc_blank - total[None, :, None]) * scale
        posterior_label = torch.exp(alpha[:-1] + arc_label - total[None, :, None]) * scale
        posterior_blank = posterior_blank.masked_fill(ended.transpose(0, 1), 0.0)
        return posterior_blank.transpose(0, 1), posterior_label[:, :, :-1].transpose(0, 1), None, None
