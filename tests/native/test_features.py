"""The native filter bank gives the frames of the reference, however the sound is cut."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stapes.features import Fbank, FbankConfig

from .building import build
from .test_programs import needs_compiler

pytestmark = needs_compiler

RECORDINGS = sorted((Path(__file__).parents[1] / "data" / "an4").glob("*.flac"))[:3]
# A 64-bit float that lies between two 32-bit ones may be rounded either way.
TOLERANCE = 2e-6


def native(
    samples: NDArray[np.float32], chunk: int, config: FbankConfig | None = None, variant: str = "release"
) -> NDArray[np.float32]:
    settings = []
    if config is not None:
        settings = [
            config.sample_rate_hz,
            config.window_ms,
            config.shift_ms,
            config.mel_bins,
            config.low_hz,
            config.high_hz,
            config.preemphasis,
        ]
    program = build("fbank_tool", variant)
    done = subprocess.run(
        [program, str(chunk), *map(str, settings)], input=samples.tobytes(), capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    bins = 80 if config is None else config.mel_bins
    return np.frombuffer(done.stdout, np.float32).reshape(-1, bins)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_real_sound(path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    frames = native(samples, 1 << 30)
    np.testing.assert_array_equal(frames, Fbank()(samples))
    for chunk in (0, 1, 159, 160, 640, 1000):
        np.testing.assert_array_equal(native(samples, chunk), frames)


@pytest.mark.parametrize("count", [0, 1, 79, 80, 119, 120, 239, 240, 279, 280, 281, 440, 600, 1601])
def test_short_sounds_and_edges(count: int) -> None:
    samples = np.random.default_rng(count).uniform(-1, 1, count).astype(np.float32)
    frames = native(samples, 100, variant="sanitized")
    np.testing.assert_allclose(frames, Fbank()(samples), rtol=0, atol=TOLERANCE)


def test_silence_and_full_scale() -> None:
    sound = np.concatenate([np.zeros(1000), np.ones(1000), np.resize([1.0, -1.0], 1000)]).astype(np.float32)
    np.testing.assert_allclose(native(sound, 0), Fbank()(sound), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    "config",
    [
        FbankConfig(sample_rate_hz=8000, high_hz=3800.0, mel_bins=40),
        FbankConfig(window_ms=20.0, shift_ms=20.0, mel_bins=23, preemphasis=0.0),
        FbankConfig(
            sample_rate_hz=48000, window_ms=32.0, shift_ms=7.5, low_hz=0.0, high_hz=24000.0, mel_bins=128
        ),
    ],
    ids=["8 kHz", "no overlap", "48 kHz"],
)
def test_other_settings(config: FbankConfig) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 20_011).astype(np.float32)
    frames = native(samples, 0, config, "sanitized")
    np.testing.assert_allclose(frames, Fbank(config)(samples), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ("7999 25 10 80 20 7600 0.97", "sample_rate_hz: 8000 to 192000 is expected, got 7999"),
        ("16000 25 26 80 20 7600 0.97", "shift_ms: 1 to window_ms (25.0) is expected, got 26.0"),
        ("16000 25 10 129 20 7600 0.97", "mel_bins: 1 to 128 is expected, got 129"),
        (
            "16000 25 10 80 20 8001 0.97",
            "low_hz, high_hz: 0 <= low < high <= 8000.0 is expected, got 20.0, 8001.0",
        ),
        ("16000 25 10 80 20 7600 nan", "preemphasis: 0 to 1 is expected, got nan"),
        ("16000 1 1 80 20 7600 0.97", "mel_bins: 80 filters are too narrow for windows of 1.0 ms"),
    ],
)
def test_refused_settings(settings: str, text: str) -> None:
    program = build("fbank_tool", "sanitized")
    done = subprocess.run([program, "0", *settings.split()], input=b"", capture_output=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.decode() == text
