"""One step of five LSTM layers of 768 units, and its matrices alone, beside onnxruntime: side by side in one process.

Every candidate does one step in turn, once with warm caches (it has just done the same) and once after 160 MB of other
memory have been read; that reading is at the same time the measure of DRAM bandwidth. Times are of the thread, medians.
The share of that bandwidth is measured in C++ after the weights were flushed, so that no cold interpreter is counted.
Our step quantises its input, multiplies, requantises and runs the cells in integers; onnxruntime's operator does the
same in its own way. Our matrices have one scale a row; those of MatMulNBits one for each 128 weights.
Letters: L layers, H units.
"""

import ctypes
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.record import ROOT, record, results_option

LAYERS, UNITS = 5, 768
FLUSHED_BYTES = 160_000_000
AHEAD_BYTES = (0, 1024, 4096)
HALF_MASKED = 0.5
Step = Callable[[], Any]


@click.command("kernels")
@click.option("--rounds", default=31, show_default=True, type=click.IntRange(5))
@results_option
def main(rounds: int, results: Path) -> None:
    """Measure the native kernels beside onnxruntime; needs onnx, onnxruntime, cmake, ninja and a C++ compiler."""
    with tempfile.TemporaryDirectory() as folder:
        library = _build(Path(folder))
        ours = {
            f"{kernels} {name}": _Stack(library, kernels, bits, zeros)
            for kernels in ("avx512", "avx2")
            for name, bits, zeros in _FORMS
            if kernels == "avx512" or zeros == 0
        }
        steps = {f"step {name}": stack.step for name, stack in ours.items()}
        steps |= {
            f"multiply {name}": ours[name].multiply for name in ("avx512 dense 4-bit", "avx2 dense 4-bit")
        }
        steps |= _theirs()
        memory = _Memory(library)
        times, read_bytes_s = _measure(steps, memory, rounds)
        shares = _dram_shares(ours, memory, rounds)
    facts = {
        "layers": LAYERS,
        "units": UNITS,
        "onnxruntime": _version("onnxruntime"),
        "microseconds": times,
        "bytes": {name: stack.bytes for name, stack in ours.items()},
        "dram_read_bytes_s": read_bytes_s,
        "ratios": _ratios(times, ours),
        "share_of_dram": shares,
    }
    record("kernels", facts, seed=1, repetitions=rounds, folder=results)


_FORMS = (
    ("dense 8-bit", 8, 0.0),
    ("dense 6-bit", 6, 0.0),
    ("dense 4-bit", 4, 0.0),
    ("dense 3-bit", 3, 0.0),
    ("dense 2-bit", 2, 0.0),
    ("masked 4-bit", 4, HALF_MASKED),
    ("masked 8-bit", 8, HALF_MASKED),
)


def _build(folder: Path) -> ctypes.CDLL:
    options = ["-DSTAPES_BENCH=ON", "-DCMAKE_BUILD_TYPE=Release"]
    make = ["cmake", "-G", "Ninja", "-S", str(ROOT / "native"), "-B", str(folder), *options]
    for command in (make, ["ninja", "-C", str(folder), "lstm_stack"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    library = ctypes.CDLL(str(folder / "liblstm_stack.so"))
    size, pointer = ctypes.c_size_t, ctypes.c_void_p
    for name, result, arguments in (
        ("stack_make", pointer, [ctypes.c_char_p, size, size, ctypes.c_int, ctypes.c_double]),
        ("stack_free", None, [pointer]),
        ("stack_bytes", size, [pointer]),
        ("stack_step", None, [pointer, pointer]),
        ("stack_multiply", None, [pointer, pointer]),
        ("stack_cold_ns", ctypes.c_int64, [pointer, pointer, pointer, size]),
        ("memory_make", pointer, [size]),
        ("read_memory", ctypes.c_int64, [pointer, size, size]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class _Stack:
    """Our layers, with random weights of a form."""

    def __init__(self, library: ctypes.CDLL, kernels: str, bits: int, zeros: float) -> None:
        self._library = library
        self._stack = library.stack_make(kernels.encode(), LAYERS, UNITS, bits, zeros)
        if self._stack is None:
            raise click.ClickException(f"this CPU does not run the kernels {kernels}")
        self._x = np.random.default_rng(1).standard_normal(2 * UNITS).astype(np.float32)
        self.bytes: int = library.stack_bytes(self._stack)

    def step(self) -> None:
        self._library.stack_step(self._stack, self._x.ctypes.data)

    def cold_us(self, memory: "_Memory") -> float:
        """Microseconds of a step whose weights lie in DRAM alone."""
        ns: int = self._library.stack_cold_ns(self._stack, self._x.ctypes.data, memory.address, FLUSHED_BYTES)
        return ns / 1000

    def multiply(self) -> None:
        self._library.stack_multiply(self._stack, self._x.ctypes.data)


class _Memory:
    """Other memory, to be read."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self.address = library.memory_make(FLUSHED_BYTES)

    def read(self, ahead_bytes: int) -> float:
        """Bytes per second."""
        begin = time.thread_time_ns()
        self._library.read_memory(self.address, FLUSHED_BYTES, ahead_bytes)
        return FLUSHED_BYTES / (time.thread_time_ns() - begin) * 1e9


def _measure(
    steps: dict[str, Step], memory: _Memory, rounds: int
) -> tuple[dict[str, dict[str, float]], dict[str, int]]:
    """Median microseconds by candidate, hot and cold, and the best of several ways to read memory."""
    times: dict[str, dict[str, list[float]]] = {name: {"hot": [], "cold": []} for name in steps}
    speeds: dict[int, list[float]] = {ahead: [] for ahead in AHEAD_BYTES}
    order = np.random.default_rng(1)
    for turn in range(rounds):
        for index in order.permutation(len(steps)):
            name = list(steps)[index]
            ahead = AHEAD_BYTES[(turn + int(index)) % len(AHEAD_BYTES)]
            speeds[ahead].append(memory.read(ahead))
            times[name]["cold"].append(_microseconds(steps[name]))
            steps[name]()
            times[name]["hot"].append(min(_microseconds(steps[name]) for _ in range(2)))
    medians = {
        name: {kind: round(statistics.median(values), 1) for kind, values in kinds.items()}
        for name, kinds in times.items()
    }
    read = {str(ahead): round(statistics.median(values)) for ahead, values in speeds.items()}
    return medians, read


def _microseconds(step: Step) -> float:
    begin = time.thread_time_ns()
    step()
    return (time.thread_time_ns() - begin) / 1000


def _dram_shares(ours: dict[str, _Stack], memory: _Memory, rounds: int) -> dict[str, float]:
    """The bandwidth of a cold step over that of plain reading, in the same round; medians."""
    shares: dict[str, list[float]] = {name: [] for name in ours}
    for _ in range(rounds):
        for name, stack in ours.items():
            read_bytes_s = max(memory.read(ahead) for ahead in AHEAD_BYTES)
            shares[name].append(stack.bytes / stack.cold_us(memory) * 1e6 / read_bytes_s)
    return {name: round(statistics.median(values), 3) for name, values in shares.items()}


def _ratios(times: dict[str, dict[str, float]], ours: dict[str, _Stack]) -> dict[str, Any]:
    """How many times faster than the best of onnxruntime's."""
    lstm = _best(times, "onnxruntime LSTM")
    matrix = _best(times, "onnxruntime MatMulNBits")

    def faster(name: str, than: dict[str, float]) -> dict[str, float]:
        return {kind: round(than[kind] / times[name][kind], 2) for kind in ("hot", "cold")}

    ratios: dict[str, Any] = {f"step {name} / LSTM int8": faster(f"step {name}", lstm) for name in ours}
    for name in ("avx512 dense 4-bit", "avx2 dense 4-bit"):
        ratios[f"multiply {name} / MatMulNBits"] = faster(f"multiply {name}", matrix)
    return ratios


def _best(times: dict[str, dict[str, float]], prefix: str) -> dict[str, float]:
    own = [values for name, values in times.items() if name.startswith(prefix)]
    return {kind: min(values[kind] for values in own) for kind in ("hot", "cold")}


def _theirs() -> dict[str, Step]:
    steps = {f"onnxruntime LSTM {kind}": _lstm(kind) for kind in ("int8", "uint8")}
    steps["onnxruntime LSTM of MatMulInteger"] = _composed_lstm()
    return steps | {f"onnxruntime MatMulNBits {block}": _matmul_nbits(block) for block in (128, 32)}


def _lstm(kind: str) -> Step:
    """DynamicQuantizeLSTM, layer after layer."""
    from onnx import helper, numpy_helper

    random, low = np.random.default_rng(1), (-127 if kind == "int8" else 0)
    zero = np.full((1, 4 * UNITS), 0 if kind == "int8" else 128, kind)
    nodes, inputs, constants = [], ["x"], [numpy_helper.from_array(np.array([1], np.int64), "axis")]
    source = "x"
    for layer in range(LAYERS):
        weights = random.integers(low, low + 255, (2, 1, UNITS, 4 * UNITS)).astype(kind)
        scales = np.full((1, 4 * UNITS), 1e-4, np.float32)
        named = {"W": weights[0], "R": weights[1], "B": np.zeros((1, 8 * UNITS), np.float32)}
        named |= {"ws": scales, "wz": zero, "rs": scales, "rz": zero}
        constants += [numpy_helper.from_array(array, f"{name}{layer}") for name, array in named.items()]
        inputs += [f"h{layer}", f"c{layer}"]
        order = [source, "W", "R", "B", "", "h", "c", "", "ws", "wz", "rs", "rz"]
        given = [name if not name or name == source else f"{name}{layer}" for name in order]
        made = [f"y{layer}", f"h{layer}next", f"c{layer}next"]
        nodes.append(
            helper.make_node("DynamicQuantizeLSTM", given, made, domain="com.microsoft", hidden_size=UNITS)
        )
        source = f"s{layer}"
        nodes.append(helper.make_node("Squeeze", [f"y{layer}", "axis"], [source]))
    shapes = dict.fromkeys(inputs, (1, 1, UNITS))
    return _session(nodes, shapes, [source], constants)


def _composed_lstm() -> Step:
    """Layers of one DynamicQuantizeLinear, one MatMulInteger and the cell in float operators."""
    from onnx import helper, numpy_helper

    random = np.random.default_rng(1)
    constants = [numpy_helper.from_array(np.array(1e-4, np.float32), "scale")]
    nodes, inputs, outputs, source = [], ["x"], [], "x"
    for layer in range(LAYERS):
        weights = random.integers(-127, 128, (2 * UNITS, 4 * UNITS)).astype(np.int8)
        constants.append(numpy_helper.from_array(weights, f"W{layer}"))
        inputs += [f"h{layer}", f"c{layer}"]
        for operator, given, made in (
            ("Concat", [source, "h"], ["joined"]),
            ("DynamicQuantizeLinear", ["joined"], ["q", "qs", "qz"]),
            ("MatMulInteger", ["q", "W", "qz"], ["sums"]),
            ("Cast", ["sums"], ["floats"]),
            ("Mul", ["qs", "scale"], ["factor"]),
            ("Mul", ["floats", "factor"], ["gates"]),
            ("Split", ["gates"], ["i", "f", "g", "o"]),
            ("Sigmoid", ["i"], ["si"]),
            ("Sigmoid", ["f"], ["sf"]),
            ("Sigmoid", ["o"], ["so"]),
            ("Tanh", ["g"], ["tg"]),
            ("Mul", ["sf", "c"], ["kept"]),
            ("Mul", ["si", "tg"], ["added"]),
            ("Add", ["kept", "added"], ["cnext"]),
            ("Tanh", ["cnext"], ["tc"]),
            ("Mul", ["so", "tc"], ["hnext"]),
        ):
            attributes: dict[str, Any] = {"Cast": {"to": 1}, "Concat": {"axis": 1}, "Split": {"axis": 1}}.get(
                operator, {}
            )
            if operator == "Split":
                attributes |= {"num_outputs": 4}
            names = [name if name in ("scale", source) else f"{name}{layer}" for name in given]
            nodes.append(helper.make_node(operator, names, [f"{name}{layer}" for name in made], **attributes))
        outputs += [f"cnext{layer}", f"hnext{layer}"]
        source = f"hnext{layer}"
    return _session(nodes, dict.fromkeys(inputs, (1, UNITS)), outputs, constants)


def _matmul_nbits(block: int) -> Step:
    """The matrices alone, 4 bits with a scale for each ``block`` weights, activations in int8 (accuracy level 4)."""
    from onnx import helper, numpy_helper

    random = np.random.default_rng(1)
    rows, columns = 4 * UNITS, 2 * UNITS
    nodes, constants = [], []
    for layer in range(LAYERS):
        packed = random.integers(0, 256, (rows, columns // block, block // 2)).astype(np.uint8)
        scales = np.full(rows * columns // block, 1e-3, np.float32)
        constants += [
            numpy_helper.from_array(packed, f"W{layer}"),
            numpy_helper.from_array(scales, f"s{layer}"),
        ]
        settings: dict[str, Any] = {
            "K": columns,
            "N": rows,
            "bits": 4,
            "block_size": block,
            "accuracy_level": 4,
        }
        nodes.append(
            helper.make_node(
                "MatMulNBits",
                ["x", f"W{layer}", f"s{layer}"],
                [f"y{layer}"],
                domain="com.microsoft",
                **settings,
            )
        )
    return _session(nodes, {"x": (1, columns)}, [f"y{layer}" for layer in range(LAYERS)], constants)


def _session(
    nodes: list[Any], inputs: Mapping[str, tuple[int, ...]], outputs: list[str], constants: list[Any]
) -> Step:
    """A step of a graph on one thread."""
    import onnxruntime
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        nodes,
        "step",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        constants,
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    feeds: dict[str, NDArray[np.float32]] = {
        name: 0.1 * random.standard_normal(shape).astype(np.float32) for name, shape in inputs.items()
    }
    return lambda: session.run(None, feeds)


def _version(package: str) -> str:
    from importlib import metadata

    return metadata.version(package)


if __name__ == "__main__":
    main()
