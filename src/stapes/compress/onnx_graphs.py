"""The network of ``spec/network.md`` as three ONNX graphs, in the layout of icefall's streaming LSTM transducers.

Encoder, decoder (the predictor) and joiner have the inputs, outputs and metadata that sherpa-onnx reads. The mean and
scale of the features lie in the encoder; its projection and the predictor's lie there, and not in the joiner.
Letters: N streams, F feature frames of a call, T encoder frames of a call, M mel bins, C channels, H hidden, L layers,
E embedding, J joint, V vocabulary.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Tensors = Mapping[str, NDArray[np.float32]]

# The oldest with LayerNormalization, so that older runtimes read the files as well.
_OPSET, _IR_VERSION = 17, 8
_NORM_EPSILON = 1e-5
# Gates lie as i, f, g, o in the network and as i, o, f, g in ONNX.
_GATE_ORDER = (0, 3, 1, 2)


class _Graph:
    """Nodes in order; each is named after its first output."""

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def constant(self, name: str, values: Any) -> str:
        self._constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self._tensors[name])

    def add(self, operator: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, outputs, name=outputs[0], **attributes))
        return outputs[0]

    def linear(self, source: str, name: str, output: str) -> str:
        """``weight`` x + ``bias`` over the last axis."""
        weight = self.constant(f"{name}.weight", self._tensors[f"{name}.weight"].T)
        product = self.add("MatMul", [source, weight], f"{output}.product")
        return self.add("Add", [product, self.weight(f"{name}.bias")], output)

    def norm(self, source: str, name: str, output: str) -> str:
        given = [source, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.add("LayerNormalization", given, output, axis=-1, epsilon=_NORM_EPSILON)

    def model(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        graph = helper.make_graph(self._nodes, name, inputs, outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, producer_name="stapes", ir_version=_IR_VERSION, opset_imports=opsets)
        onnx.checker.check_model(model, full_check=True)
        return model


def encoder(tensors: Tensors, layers: int) -> Any:
    """x [N, F, M], state0 and state1 [L, N, H] to encoder_out [N, T, J] and the next states (outputs and cells)."""
    H, M = len(tensors["final_norm.weight"]), len(tensors["feature_mean"])
    J = len(tensors["encoder_projection.bias"])
    graph = _Graph(tensors)
    stream = _subsampling(graph)
    for state in ("state0", "state1"):
        graph.add("Split", [state], *(f"{state}.{layer}" for layer in range(layers)), axis=0)
    for layer in range(layers):
        stream = _lstm(graph, tensors, layer, stream)
    projected = graph.linear(
        graph.norm(stream, "final_norm", "final"), "encoder_projection", "encoder_projection"
    )
    graph.add("Transpose", [projected], "encoder_out", perm=[1, 0, 2])
    for number in (0, 1):
        parts = [f"new_state{number}.{layer}" for layer in range(layers)]
        graph.add("Concat", parts, f"new_state{number}", axis=0)
    states: list[str | int] = [layers, "N", H]
    return graph.model(
        "encoder",
        [_floats("x", ["N", "F", M]), _floats("state0", states), _floats("state1", states)],
        [
            _floats("encoder_out", ["N", "T", J]),
            _floats("new_state0", states),
            _floats("new_state1", states),
        ],
    )


def decoder(tensors: Tensors) -> Any:
    """y [N, 2], the last two labels, older first, -1 for none, to decoder_out [N, J]."""
    V, J = len(tensors["embedding.weight"]), len(tensors["predictor_projection.bias"])
    graph = _Graph(tensors)
    # None embeds as the row of zeros after the last label.
    rows = np.concatenate([tensors["embedding.weight"], np.zeros_like(tensors["embedding.weight"][:1])])
    none = graph.add("Less", ["y", graph.constant("first", np.int64(0))], "none")
    labels = graph.add("Where", [none, graph.constant("last", np.int64(V)), "y"], "labels")
    embedded = graph.add("Gather", [graph.constant("embedding.weight", rows), labels], "embedded")
    shape = graph.constant("context.shape", np.array([0, 2 * rows.shape[1]], np.int64))
    flat = graph.add("Reshape", [embedded, shape], "flat")
    hidden = graph.add("Relu", [graph.linear(flat, "context", "context")], "hidden")
    graph.linear(hidden, "predictor_projection", "decoder_out")
    context = helper.make_tensor_value_info("y", TensorProto.INT64, ["N", 2])
    return graph.model("decoder", [context], [_floats("decoder_out", ["N", J])])


def joiner(tensors: Tensors) -> Any:
    """encoder_out [N, J] and decoder_out [N, J] to logit [N, V]."""
    V, J = tensors["output.weight"].shape
    graph = _Graph(tensors)
    joined = graph.add("Add", ["encoder_out", "decoder_out"], "joined")
    graph.linear(graph.add("Tanh", [joined], "hidden"), "output", "logit")
    parts = [_floats(name, ["N", J]) for name in ("encoder_out", "decoder_out")]
    return graph.model("joiner", parts, [_floats("logit", ["N", V])])


def _subsampling(graph: _Graph) -> str:
    """x [N, F, M] to [T, N, H]."""
    centred = graph.add("Sub", ["x", graph.weight("feature_mean")], "centred")
    scaled = graph.add("Mul", [centred, graph.weight("feature_scale")], "scaled")
    channel = graph.constant("channel", np.array([1], np.int64))
    image = graph.add("Unsqueeze", [scaled, channel], "image")
    for name in ("subsampling.conv1", "subsampling.conv2"):
        weights = [graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")]
        image = graph.add("Conv", [image, *weights], name, kernel_shape=[3, 3], strides=[2, 2])
        image = graph.add("Relu", [image], f"{name}.relu")
    by_frame = graph.add("Transpose", [image], "by_frame", perm=[2, 0, 1, 3])
    shape = graph.constant("flat.shape", np.array([0, 0, -1], np.int64))
    return graph.linear(
        graph.add("Reshape", [by_frame, shape], "flat"), "subsampling.linear", "subsampling.linear"
    )


def _lstm(graph: _Graph, tensors: Tensors, layer: int, stream: str) -> str:
    """Adds the LSTM of the layer norm of ``stream`` [T, N, H] to it."""
    name = f"lstms.{layer}"
    weights = [
        graph.constant(f"{name}.{side}", _gates(tensors[f"{name}.weight_{side}_l0"])[None])
        for side in ("ih", "hh")
    ]
    biases = [_gates(tensors[f"{name}.bias_{side}_l0"]) for side in ("ih", "hh")]
    weights.append(graph.constant(f"{name}.bias", np.concatenate(biases)[None]))
    normed = graph.norm(stream, f"norms.{layer}", f"norms.{layer}")
    given = [normed, *weights, "", f"state0.{layer}", f"state1.{layer}"]
    made = (name, f"new_state0.{layer}", f"new_state1.{layer}")
    heard = graph.add("LSTM", given, *made, hidden_size=len(tensors["final_norm.weight"]))
    direction = graph.constant("direction", np.array([1], np.int64))
    squeezed = graph.add("Squeeze", [heard, direction], f"{name}.heard")
    return graph.add("Add", [stream, squeezed], f"{name}.sum")


def _gates(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows.reshape(4, -1, *rows.shape[1:])[list(_GATE_ORDER)].reshape(rows.shape)


def _floats(name: str, shape: Sequence[str | int]) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
