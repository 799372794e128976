"""The streaming transducer: convolutional subsampling, LSTM encoder, stateless predictor, additive joint.

Letters: B batch, T encoder frames (40 ms), F feature frames (10 ms), M mel bins, H hidden, J joint, L layers,
U labels, V vocabulary.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stapes.errors import ConfigError

BLANK = 0
CONTEXT_LABELS = 2
SUBSAMPLING = 4
# Two convolutions of kernel 3 and stride 2: an encoder frame sees seven feature frames.
RECEPTIVE_FRAMES = 7


@dataclass(frozen=True)
class TransducerConfig:
    """Sizes of the network.

    Args:
        vocabulary: labels V with blank, 2 to 4096.
        mel_bins: features per frame M, 7 or more.
        channels: channels of the two subsampling convolutions.
        hidden: LSTM width H.
        layers: LSTM layers L.
        embedding: width of a label's embedding.
        joint: width of the joint J.
    """

    vocabulary: int = 256
    mel_bins: int = 80
    channels: tuple[int, ...] = (32, 48)
    hidden: int = 384
    layers: int = 5
    embedding: int = 192
    joint: int = 320

    def __post_init__(self) -> None:
        if not 2 <= self.vocabulary <= 4096:
            raise ConfigError(f"vocabulary: 2 to 4096 is expected, got {self.vocabulary}")
        if self.mel_bins < RECEPTIVE_FRAMES:
            raise ConfigError(f"mel_bins: {RECEPTIVE_FRAMES} or more is expected, got {self.mel_bins}")
        if len(self.channels) != 2:
            raise ConfigError(f"channels: two numbers are expected, got {list(self.channels)}")
        for name in ("hidden", "layers", "embedding", "joint"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: 1 or more is expected, got {getattr(self, name)}")


def encoder_frames(feature_frames: Tensor) -> Tensor:
    """Encoder frames T that ``feature_frames`` F give: floor((F - 3) / 4), at least 0."""
    return torch.clamp((feature_frames - RECEPTIVE_FRAMES) // SUBSAMPLING + 1, min=0)


class Subsampling(nn.Module):
    """Two 3 x 3 convolutions of stride 2 with ReLU, unpadded in time and frequency, then a linear map to H."""

    def __init__(self, config: TransducerConfig) -> None:
        super().__init__()
        first, second = config.channels
        self.conv1 = nn.Conv2d(1, first, 3, stride=2)
        self.conv2 = nn.Conv2d(first, second, 3, stride=2)
        bands = ((config.mel_bins - 1) // 2 - 1) // 2
        self.linear = nn.Linear(second * bands, config.hidden)

    def forward(self, features: Tensor) -> Tensor:
        """[B, F, M] to [T, B, H]."""
        hidden = torch.relu(self.conv2(torch.relu(self.conv1(features.unsqueeze(1)))))
        flat: Tensor = self.linear(hidden.permute(2, 0, 1, 3).flatten(2))
        return flat


class Transducer(nn.Module):
    """A recogniser after Graves, "Sequence Transduction with Recurrent Neural Networks" (2012), arXiv 1211.3711,
    with the stateless predictor of Ghodsi et al., "RNN-transducer with stateless prediction network" (2020).

    Each LSTM layer reads the layer norm of its input and adds to it (a residual stream of width H).
    """

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: TransducerConfig) -> None:
        super().__init__()
        self.config = config
        hidden, joint = config.hidden, config.joint
        self.register_buffer("feature_mean", torch.zeros(config.mel_bins))
        self.register_buffer("feature_scale", torch.ones(config.mel_bins))
        self.subsampling = Subsampling(config)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(config.layers))
        self.lstms = nn.ModuleList(nn.LSTM(hidden, hidden) for _ in range(config.layers))
        self.final_norm = nn.LayerNorm(hidden)
        self.encoder_projection = nn.Linear(hidden, joint)
        self.embedding = nn.Embedding(config.vocabulary, config.embedding)
        self.context = nn.Linear(CONTEXT_LABELS * config.embedding, config.embedding)
        self.predictor_projection = nn.Linear(config.embedding, joint)
        self.output = nn.Linear(joint, config.vocabulary)
        self.ctc = nn.Linear(hidden, config.vocabulary)

    def encode(self, features: Tensor, dropout_masks: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run the encoder.

        Args:
            features: [B, F, M] log-mel frames, padded at the end.
            dropout_masks: [B, L, H] factors (0 or 1 / keep) on each layer's input, the same at every frame: variational
                dropout after Gal and Ghahramani (2016), arXiv 1512.05287.

        Returns:
            The joint's encoder part [B, T, J] and the CTC head's logits [T, B, V].
        """
        hidden = self.subsampling((features - self.feature_mean) * self.feature_scale)
        for index, (norm, lstm) in enumerate(zip(self.norms, self.lstms, strict=True)):
            layer_input = norm(hidden)
            if dropout_masks is not None:
                layer_input = layer_input * dropout_masks[:, index]
            hidden = hidden + lstm(layer_input)[0]
        hidden = self.final_norm(hidden)
        return self.encoder_projection(hidden).transpose(0, 1), self.ctc(hidden)

    def predict(self, contexts: Tensor) -> Tensor:
        """The joint's predictor part [..., J] after the last two labels [..., 2] (-1: none, embedded as zeros)."""
        embedded = self.embedding(contexts.clamp(min=0)) * (contexts >= 0).unsqueeze(-1)
        predicted: Tensor = self.predictor_projection(torch.relu(self.context(embedded.flatten(-2))))
        return predicted

    def join(self, encoder: Tensor, predictor: Tensor) -> Tensor:
        """Logits [..., V] of encoder and predictor parts [..., J]."""
        logits: Tensor = self.output(torch.tanh(encoder + predictor))
        return logits


def label_contexts(labels: Tensor) -> Tensor:
    """Predictor contexts [B, U + 1, 2] before each of the labels [B, U] and after the last."""
    start = labels.new_tensor([-1, BLANK]).expand(labels.shape[0], 2)
    return torch.cat([start, labels], dim=1).unfold(1, CONTEXT_LABELS, 1)
