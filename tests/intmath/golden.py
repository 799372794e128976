"""The golden vectors of ``spec/numerics.md``; ``python -m tests.intmath.golden`` writes them anew.

Floats are float32, written as the shortest decimals that read back as the same.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from stapes import intmath
from stapes.engine import IntegerNetwork
from stapes.intmath.norm import normed
from tests.agreement.integer_models import random_case, write_random_model

FOLDER = Path(__file__).parents[2] / "spec" / "golden" / "numerics"
NETWORK_SEED = 118
EDGES = [-(2**31), -(2**24), -1000, -3, -1, 0, 1, 2, 1000, 2**24, 2**31 - 1]


def tables() -> dict[str, Any]:
    """Both tables, and what comes out of them between the knots."""
    x = [
        -32768,
        -32767,
        -32641,
        -32513,
        -300,
        -129,
        -128,
        -127,
        -1,
        0,
        1,
        127,
        128,
        129,
        300,
        32512,
        32766,
        32767,
    ]
    return {
        "sigmoid": intmath.SIGMOID.tolist(),
        "tanh": intmath.TANH.tolist(),
        "look_up": {
            "x": x,
            "sigmoid": intmath.look_up(intmath.SIGMOID, np.array(x)).tolist(),
            "tanh": intmath.look_up(intmath.TANH, np.array(x)).tolist(),
        },
    }


def operations() -> dict[str, Any]:
    """Every operation on a few values, edges among them."""
    return {
        "requantise": [_requantise(*given) for given in _requantised()],
        "quantise_features": _features(),
        "normed": [_normed(stream) for stream in _streams()],
        "layer_norm": _layer_norm(),
        "convolution": _convolution(),
        "lstm_step": _lstm_step(),
        "joint_activation": _joint(),
    }


def _requantised() -> list[tuple[list[float], list[float], tuple[int, int], tuple[int, int]]]:
    int8, relu, int16, logit = (-127, 127), (0, 127), (-(2**15), 2**15 - 1), (-(2**23) + 1, 2**23 - 1)
    return [
        ([0.5, 0.25, 2**-9, 0.0], [0.0, 0.5, -0.25, 0.75], (7, 7), int8),
        ([0.3, 1e-3, 1e-20, 0.0], [-3.0, 0.01, 0.02, 1e9], (7, 7), relu),
        ([0.0123, 0.0045, 7e-5, 1e-6], [0.1, -1.5, 7.99, -1e9], (7, 12), int16),
        ([1e-30, 2e-30, 0.0, 1.2e-38], [1.0, -1.0, 3.3, 0.0], (7, 10), int16),
        ([0.0, 0.0, 0.0, 0.0], [1.0, -1.0, 40.0, 2**-19], (7, 10), int16),
        ([2.0**17, 1.5, 2.5, 3.5], [0.0, 0.0, 0.0, 0.0], (7, 12), logit),
        ([-0.7, 0.9, 1.1, -(2.0**-16)], [0.1, 0.2, -0.3, 0.4], (12, 7), int8),
    ]


def _requantise(
    scales: list[float], biases: list[float], bits: tuple[int, int], bounds: tuple[int, int]
) -> dict[str, Any]:
    given = np.array(scales, np.float32), np.array(biases, np.float32)
    made = intmath.requantiser(*given, bits, bounds)
    accumulators = np.repeat(np.array(EDGES)[:, np.newaxis], len(scales), axis=1)
    return {
        "scales": _floats(given[0]),
        "biases": _floats(given[1]),
        "bits": list(bits),
        "bounds": list(bounds),
        "shift": made.shift,
        "multipliers": made.multipliers.tolist(),
        "integer_biases": made.biases.tolist(),
        "accumulators": EDGES,
        "outputs": made(accumulators).tolist(),
    }


def _features() -> dict[str, Any]:
    frames = np.array([[-16, 0.015625, 3.5], [1e30, 0.046875, -1e30], [9.25, -0.015625, 5]], np.float32)
    mean, scale = np.array([-8, 0, 3], np.float32), np.array([0.0625, 0.25, 0.3], np.float32)
    return {
        "frames": [_floats(frame) for frame in frames],
        "mean": _floats(mean),
        "scale": _floats(scale),
        "outputs": intmath.quantise_features(frames, mean, scale).tolist(),
    }


def _streams() -> list[list[int]]:
    random = np.random.default_rng(7)
    return [
        [0],
        [32767],
        [1, 0, 0],
        [-32768, 32767],
        [5, 5, 5, 5, 5],
        random.integers(-2000, 2000, 17).tolist(),
        [-32768] * 31 + [32767],
    ]


def _normed(stream: list[int]) -> dict[str, Any]:
    return {"stream": stream, "outputs": normed(np.array(stream)).tolist()}


def _layer_norm() -> dict[str, Any]:
    stream = [100, -3000, 12, 700, 0]
    gains = np.array([0.5, -0.25, 0.1, 3.0, 0.0], np.float32)
    biases = np.array([0.0, 0.1, -0.2, 0.0, 0.5], np.float32)
    return {
        "stream": stream,
        "gains": _floats(gains),
        "biases": _floats(biases),
        "outputs": intmath.LayerNorm(gains, biases)(np.array(stream)).tolist(),
    }


def _convolution() -> dict[str, Any]:
    random = np.random.default_rng(11)
    image, levels = random.integers(-127, 128, (5, 6, 2)), random.integers(-127, 128, (3, 2, 3, 3))
    scales, biases = np.array([0.004, 0.001, 0.0], np.float32), np.array([0.1, -0.2, 0.3], np.float32)
    made = intmath.Convolution(levels.astype(np.int8), scales, biases)
    return {
        "image [time, mel, channel]": image.tolist(),
        "levels [out, in, time, mel]": levels.tolist(),
        "scales": _floats(scales),
        "biases": _floats(biases),
        "outputs [time, mel, channel]": made(image).tolist(),
    }


def _lstm_step() -> dict[str, Any]:
    gates = np.array(
        [
            [0, 32767, -32768, 5000, 32767],
            [0, 32767, 32767, -300, 32767],
            [1, 32767, -32768, 1234, -32768],
            [0, 32767, 32767, 9000, -32768],
        ]
    )
    cell = np.array([100, 32767, -32768, -5000, -32768])
    output, after = intmath.lstm_step(gates.reshape(-1), cell)
    stream = np.array([0, 32767, -32768, 17, -5])
    return {
        "gates [i, f, g, o]": gates.tolist(),
        "cell": cell.tolist(),
        "output": output.tolist(),
        "cell_after": after.tolist(),
        "hidden": intmath.to_int8(output).tolist(),
        "stream": stream.tolist(),
        "stream_after": intmath.add_to_stream(stream, output).tolist(),
    }


def _joint() -> dict[str, Any]:
    frame = np.array([0, 1, -1, 1000, 32767, -32768, 5000, 8191])
    prediction = np.array([0, 0, -1, -999, 32767, -32768, -9000, 1])
    return {
        "frame": frame.tolist(),
        "prediction": prediction.tolist(),
        "outputs": intmath.joint_activation(frame, prediction).tolist(),
    }


def network() -> dict[str, Any]:
    """A whole packed network, in hexadecimal, with inputs and outputs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.stapes"
        write_random_model(path, NETWORK_SEED)
        content = path.read_bytes()
        case = random_case(IntegerNetwork.load(path), NETWORK_SEED)
    integers = {
        name: getattr(case, name).astype(int).tolist()
        for name in ("contexts", "frames", "predictions", "logits", "hidden", "cell")
    }
    model = [content[at : at + 64].hex() for at in range(0, len(content), 64)]
    return {"model": model, "features": [_floats(frame) for frame in case.features], **integers}


def _floats(values: np.ndarray) -> list[float]:
    return [float(str(value)) for value in values]


FILES = {"tables.json": tables, "operations.json": operations, "network.json": network}


def text(content: dict[str, Any]) -> str:
    """JSON with the innermost lists on one line each."""
    lines = json.dumps(content, indent=1).splitlines()
    joined = ""
    for line in lines:
        bare = line.strip()
        is_value = bare[:1] in "-0123456789" or (bare[:1] == "]" and joined[-1:] in "0123456789")
        joined += (" " if joined[-1:] == "," else "") + bare if is_value else "\n" + line
    return joined.strip() + "\n"


if __name__ == "__main__":
    for name, make in FILES.items():
        (FOLDER / name).write_text(text(make()), encoding="utf-8")
