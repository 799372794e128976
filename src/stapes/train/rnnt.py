"""The transducer loss in which a label takes a frame: at most one label per frame, as in decoding.

Letters: B batch, T encoder frames, U labels, J joint, V vocabulary. An alignment is a path from (0, 0) to (T, U):
from (t, u) blank leads to (t + 1, u), label u + 1 leads to (t + 1, u + 1). The loss is -log of the sum over all
paths; this topology is the "modified" transducer of k2 (Kuang et al., "Pruned RNN-T", 2022, arXiv 2206.13236).
The labels of one frame do not depend on each other, so each step over t is one vectorised operation over [B, U + 1].
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

    Returns:
        [B] losses in nats.

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
    log_blank, log_label = joint(encoder, predictor, output_weight, output_bias, labels)
    likelihood: Tensor = log_likelihood(log_blank, log_label, frames, label_counts)
    return -likelihood


class _JointLogProbs(torch.autograd.Function):
    """Log-probabilities of blank [B, T, U + 1] and of the next label [B, T, U] at every node.

    Written out so that only the activations [B, T, U + 1, J] and the probabilities [B, T, U + 1, V] are kept, once.
    Under autocast the products run in its lower precision, the sums over V in float32.
    """

    @staticmethod
    def forward(
        ctx: Any, encoder: Tensor, predictor: Tensor, weight: Tensor, bias: Tensor, labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        device = encoder.device.type
        low = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        with torch.autocast(device, enabled=False):
            activation = torch.tanh(encoder.to(low).unsqueeze(2) + predictor.to(low).unsqueeze(1))
            # Flat, because a product of four dimensions is copied and split into many small ones.
            flat = torch.addmm(bias.to(low), activation.flatten(0, 2), weight.to(low).T)
            logits = flat.view(*activation.shape[:3], -1)
            high = torch.promote_types(low, torch.float32)
            log_norm = torch.logsumexp(logits.to(high), dim=-1)
            log_blank = logits[..., 0].to(high) - log_norm
            index = labels.clamp(0, weight.shape[0] - 1)[:, None, :, None].expand(-1, logits.shape[1], -1, 1)
            log_label = logits[:, :, :-1].gather(-1, index).squeeze(-1).to(high) - log_norm[:, :, :-1]
        ctx.save_for_backward(activation, logits, log_norm, weight, index)
        ctx.dtypes = encoder.dtype, predictor.dtype
        return log_blank, log_label

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_blank: Tensor, grad_label: Tensor) -> tuple[Tensor | None, ...]:
        activation, logits, log_norm, weight, index = ctx.saved_tensors
        low = activation.dtype
        with torch.autocast(activation.device.type, enabled=False):
            node = grad_blank.clone()
            node[:, :, :-1] += grad_label
            # Not in the lower precision: a rounded log_norm would push every sure frame off its probability of one.
            grad_logits = (logits - log_norm.unsqueeze(-1)).exp_().mul_(-node.unsqueeze(-1))
            grad_logits[..., 0] += grad_blank
            grad_logits[:, :, :-1].scatter_add_(-1, index, grad_label.unsqueeze(-1))
            grad_bias = grad_logits.sum(dim=(0, 1, 2))
            flat = grad_logits.to(low).flatten(0, 2)
            grad_weight = flat.T @ activation.flatten(0, 2)
            grad_sum = torch.ops.aten.tanh_backward((flat @ weight.to(low)).view_as(activation), activation)
        encoder_dtype, predictor_dtype = ctx.dtypes
        return (
            grad_sum.sum(dim=2).to(encoder_dtype),
            grad_sum.sum(dim=1).to(predictor_dtype),
            grad_weight.to(weight.dtype),
            grad_bias.to(weight.dtype),
            None,
        )


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
