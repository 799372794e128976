"""Integer arithmetic of packed networks, bit for bit, as ``spec/numerics.md`` describes it."""

from stapes.intmath.convolution import Convolution, quantise_features
from stapes.intmath.lstm import add_to_stream, joint_activation, lstm_step, to_int8
from stapes.intmath.matrix import Matrix
from stapes.intmath.norm import LayerNorm
from stapes.intmath.requantise import (
    GATE_BITS,
    STREAM_BITS,
    Requantiser,
    requantiser,
    to_activation,
    to_embedding,
    to_gates,
    to_logits,
    to_stream,
)
from stapes.intmath.tables import SIGMOID, TANH, look_up

__all__ = [
    "GATE_BITS",
    "SIGMOID",
    "STREAM_BITS",
    "TANH",
    "Convolution",
    "LayerNorm",
    "Matrix",
    "Requantiser",
    "add_to_stream",
    "joint_activation",
    "look_up",
    "lstm_step",
    "quantise_features",
    "requantiser",
    "to_activation",
    "to_embedding",
    "to_gates",
    "to_int8",
    "to_logits",
    "to_stream",
]
