"""A network that begins where a narrower one is: its new units are heard by nobody yet, and learn from there.

After Chen, Goodfellow and Shlens, "Net2Net: accelerating learning via knowledge transfer" (2016), arXiv 1511.05641; new
units are random instead of copies, so that none has to be told from another.
Letters: H hidden before, W hidden after, N = W - H.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

# Spread of the weights of new units, as a share of that of the old ones.
_LSTM_SPREAD = 0.7
_INPUT_SPREAD = 0.5
_GATES = 4


def widened(weights: Mapping[str, Tensor], hidden: int, seed: int) -> dict[str, Tensor]:
    """``weights`` of a `stapes.model.Transducer` with ``hidden`` units in each layer; as they are if that is not more.

    The new units read the old ones by random weights; nothing reads them. The output stays as it was but for the layer
    norms, whose means and variances the new units join.

    Args:
        weights: of the narrower network, by name.
        hidden: W.
        seed: of the random weights.
    """
    before = weights["final_norm.weight"].numel()
    if hidden <= before:
        return dict(weights)
    new = hidden - before
    wide = {name: tensor.float().clone() for name, tensor in weights.items()}
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    linear = wide["subsampling.linear.weight"]
    rows = random(new, linear.shape[1]) * linear.std() * _INPUT_SPREAD
    wide["subsampling.linear.weight"] = torch.cat([linear, rows])
    wide["subsampling.linear.bias"] = torch.cat([wide["subsampling.linear.bias"], torch.zeros(new)])
    for name in [name for name in wide if name.startswith("lstms.")]:
        gates = wide[name].view(_GATES, before, -1)
        if ".weight_" in name:
            grown = torch.zeros(_GATES, hidden, hidden)
            grown[:, before:] = random(_GATES, new, hidden) * gates.std() * _LSTM_SPREAD
            grown[:, :before, :before] = gates
        else:
            grown = gates.mean(dim=1, keepdim=True).repeat(1, hidden, 1)
            grown[:, :before] = gates
        wide[name] = grown.flatten(0, 1).squeeze(-1)
    # As many new units near zero make what a norm divides by smaller.
    share = math.sqrt(before / hidden)
    for norm in [
        name.removesuffix(".weight") for name in wide if "norm" in name and name.endswith(".weight")
    ]:
        scale = wide[f"{norm}.weight"] * share
        wide[f"{norm}.weight"] = torch.cat([scale, scale.mean().expand(new)])
        wide[f"{norm}.bias"] = torch.cat([wide[f"{norm}.bias"], torch.zeros(new)])
    for name in ("encoder_projection.weight", "ctc.weight"):
        wide[name] = torch.nn.functional.pad(wide[name], (0, new))
    return wide
