"""A recipe: everything that decides what a training run gives, read from one TOML file."""

from dataclasses import dataclass, field
from typing import Literal

from stapes.corpus.augment import AugmentConfig, SpecAugmentConfig
from stapes.errors import ConfigError
from stapes.features import FbankConfig
from stapes.model import TransducerConfig


@dataclass(frozen=True)
class DataConfig:
    """What a batch is made of.

    Args:
        weights: how often an epoch takes each utterance of a set (manifest field ``set``), by set; 1 where not named;
            0.3 takes a different random 30 % every epoch.
        batch_seconds: speech per step, over all processes, padding included.
        max_seconds: longer utterances are left out.
        background_share: further examples an epoch in which nobody speaks, as a share of its utterances.
        clean_steps: updates at the start on recordings as they are, without augmentation, masks and dropout: a
            network learns to align much sooner on clean speech.
        tail_ms: silence fed after the last sample, in training as on the device, so that late labels come out.
    """

    weights: dict[str, float] = field(default_factory=dict)
    batch_seconds: float = 160.0
    max_seconds: float = 20.0
    background_share: float = 0.0
    clean_steps: int = 0
    tail_ms: int = 400

    def __post_init__(self) -> None:
        if self.batch_seconds < self.max_seconds:
            raise ConfigError(
                f"batch_seconds: at least max_seconds ({self.max_seconds:g}) is expected, got {self.batch_seconds:g}"
            )
        if not 0 <= self.tail_ms <= 2000:
            raise ConfigError(f"tail_ms: 0 to 2000 is expected, got {self.tail_ms}")
        if not 0 <= self.background_share <= 1:
            raise ConfigError(f"background_share: 0 to 1 is expected, got {self.background_share:g}")
        if self.clean_steps < 0:
            raise ConfigError(f"clean_steps: 0 or more is expected, got {self.clean_steps}")
        for name, weight in self.weights.items():
            if not 0 <= weight <= 100:
                raise ConfigError(f"weights.{name}: 0 to 100 is expected, got {weight:g}")


@dataclass(frozen=True)
class OptimiserConfig:
    """Muon for hidden matrices and AdamW for all else: linear warm-up, a constant stretch, linear decay to zero.

    Muon (Jordan and others, 2024, kellerjordan.github.io/posts/muon) moves a matrix in all directions alike. Its
    updates are scaled to the size of AdamW's (Liu and others, "Muon is scalable for LLM training", 2025,
    arXiv 2502.16982), so that both share a learning rate.

    Args:
        steps: updates in all.
        learning_rate: of the constant stretch.
        warmup_steps: updates of the linear rise.
        decay_steps: updates of the linear fall at the end.
        weight_decay: decoupled, on matrices alone.
        clip_norm: the gradient's norm is cut to this; the loss is in nats per label.
        average: decay of the exponential moving average of the weights, which is what is evaluated and packed.
    """

    steps: int = 20000
    learning_rate: float = 1.5e-3
    warmup_steps: int = 500
    decay_steps: int = 4000
    weight_decay: float = 0.01
    clip_norm: float = 2.0
    average: float = 0.999

    def __post_init__(self) -> None:
        if self.steps < 1 or self.warmup_steps < 0 or self.decay_steps < 0:
            raise ConfigError("steps: 1 or more, warmup_steps and decay_steps: 0 or more are expected")
        if self.warmup_steps + self.decay_steps > self.steps:
            raise ConfigError(
                f"steps: at least warmup_steps + decay_steps ({self.warmup_steps + self.decay_steps}) is expected, "
                f"got {self.steps}"
            )
        if not 0 <= self.average < 1:
            raise ConfigError(f"average: 0 to below 1 is expected, got {self.average:g}")

    def learning_rate_at(self, step: int) -> float:
        """Learning rate of update ``step``, counted from 0."""
        rise = (step + 1) / max(1, self.warmup_steps)
        fall = (self.steps - step) / max(1, self.decay_steps)
        return self.learning_rate * min(1.0, rise, fall)


@dataclass(frozen=True)
class LossConfig:
    """Parts of the loss.

    Args:
        ctc_weight: weight of the CTC head's loss beside the transducer's; `CtcConfig` is about its use afterwards.
        dropout: probability of the variational dropout on each LSTM layer's input.
        window: label positions of each frame at which the joint is computed, around where the CTC head expects them,
            at least 2; 0 for all of them.
        window_from_step: updates at the start that look at all of them, until the CTC head knows.
    """

    ctc_weight: float = 0.3
    dropout: float = 0.1
    window: int = 0
    window_from_step: int = 0

    def __post_init__(self) -> None:
        if self.window < 0 or self.window == 1:
            raise ConfigError(f"window: 0, or 2 and more is expected, got {self.window}")
        if self.window and self.ctc_weight == 0:
            raise ConfigError(
                "window: a ctc_weight above 0 is expected with it, as the CTC head places the window"
            )
        if self.ctc_weight < 0:
            raise ConfigError(f"ctc_weight: 0 or more is expected, got {self.ctc_weight:g}")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout: 0 to below 1 is expected, got {self.dropout:g}")


@dataclass(frozen=True)
class LanguageModelConfig:
    """The n-gram model over subwords that the search adds to the scores of the network.

    Args:
        order: labels of the longest n-gram, 2 to 6.
        least_count: n-grams of three and more labels that occur less often are left out.
        least_entropy: and those which each tell less, in nats a label of text, 0 to 1; 0 keeps them.
        scale: factor of its log-probabilities, 0 to 10.
        reward: added for each label, in nats, -10 to 10: a language model alone favours short texts.
        internal_scale: factor of what the network itself expects, which is taken off, 0 to 10.
    """

    order: int = 5
    least_count: int = 2
    least_entropy: float = 0.0
    scale: float = 0.4
    reward: float = 1.5
    internal_scale: float = 0.0

    def __post_init__(self) -> None:
        if not 2 <= self.order <= 6:
            raise ConfigError(f"order: 2 to 6 is expected, got {self.order}")
        if self.least_count < 1:
            raise ConfigError(f"least_count: 1 or more is expected, got {self.least_count}")
        if not 0 <= self.least_entropy <= 1:
            raise ConfigError(f"least_entropy: 0 to 1 is expected, got {self.least_entropy:g}")
        if not 0 <= self.scale <= 10:
            raise ConfigError(f"scale: 0 to 10 is expected, got {self.scale:g}")
        if not -10 <= self.reward <= 10:
            raise ConfigError(f"reward: -10 to 10 is expected, got {self.reward:g}")
        if not 0 <= self.internal_scale <= 10:
            raise ConfigError(f"internal_scale: 0 to 10 is expected, got {self.internal_scale:g}")


@dataclass(frozen=True)
class CtcConfig:
    """What the CTC head adds to a beam search (`stapes.decode.ctc`); a packed model goes without it at a scale of 0.

    Args:
        scale: factor of its scores, 0 to 10.
        frames: how many encoder frames after its emission a label may be found, 0 to 100.
    """

    scale: float = 0.3
    frames: int = 8

    def __post_init__(self) -> None:
        if not 0 <= self.scale <= 10:
            raise ConfigError(f"scale: 0 to 10 is expected, got {self.scale:g}")
        if not 0 <= self.frames <= 100:
            raise ConfigError(f"frames: 0 to 100 is expected, got {self.frames}")


@dataclass(frozen=True)
class Recipe:
    """One published model.

    Args:
        name: of the model.
        licence: of the weights.
        languages: as BCP 47 tags.
        seed: of the weights, the order of the data and its augmentation.
        precision: of the matrix products in training; sums and weights stay float32.
        evaluate_steps: updates between two evaluations on the development sets.
        checkpoint_minutes: between two checkpoints.
    """

    name: str
    licence: str
    languages: tuple[str, ...] = ("en",)
    seed: int = 1
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    evaluate_steps: int = 1000
    checkpoint_minutes: float = 5.0
    features: FbankConfig = field(default_factory=FbankConfig)
    network: TransducerConfig = field(default_factory=TransducerConfig)
    data: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    spec_augment: SpecAugmentConfig = field(default_factory=SpecAugmentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    ctc: CtcConfig = field(default_factory=CtcConfig)
    language_model: LanguageModelConfig = field(default_factory=LanguageModelConfig)
