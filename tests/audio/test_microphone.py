"""The microphone, with a stand-in for the sound card."""

import itertools
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from stapes.audio import AudioWarning, Microphone
from stapes.errors import AudioError, MissingExtraError


class PortAudioError(Exception):
    pass


class InputStream:
    """A sound card that hums, and loses samples once."""

    opened = 0

    def __init__(self, samplerate: int, channels: int, dtype: str) -> None:
        self.sample_rate_hz = samplerate
        self.reads = 0

    def __enter__(self) -> "InputStream":
        InputStream.opened += 1
        return self

    def __exit__(self, *_: object) -> None:
        InputStream.opened -= 1

    def read(self, samples: int) -> tuple[Any, bool]:
        self.reads += 1
        return np.full((samples, 1), 0.25, np.float32), self.reads == 20


def sound_card(monkeypatch: pytest.MonkeyPatch, query: Any) -> None:
    module = SimpleNamespace(InputStream=InputStream, PortAudioError=PortAudioError, query_devices=query)
    monkeypatch.setitem(sys.modules, "sounddevice", module)


def test_blocks_arrive_at_16_khz_and_the_device_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    sound_card(monkeypatch, lambda kind: {"default_samplerate": 48_000.0})
    blocks = iter(Microphone())
    samples = np.concatenate(list(itertools.islice(blocks, 15)))
    assert samples.dtype == np.float32
    assert 20_000 < samples.size <= 24_000
    np.testing.assert_allclose(samples[4_000:20_000], 0.25, atol=1e-3)
    assert InputStream.opened == 1
    blocks.close()  # type: ignore[attr-defined]  # a generator
    assert InputStream.opened == 0


def test_lost_sound_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sound_card(monkeypatch, lambda kind: {"default_samplerate": 16_000.0})
    with pytest.warns(AudioWarning, match=r"^microphone: sound was lost; the computer is too busy"):
        list(itertools.islice(Microphone(), 20))


def test_no_input_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def query(kind: str) -> None:
        raise PortAudioError("Error querying device -1")

    sound_card(monkeypatch, query)
    expected = r"^microphone: no input device can be opened \(Error querying device -1\); connect one$"
    with pytest.raises(AudioError, match=expected):
        next(iter(Microphone()))


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    expected = r"^The microphone needs the package sounddevice: pip install 'stapes\[microphone\]'$"
    with pytest.raises(MissingExtraError, match=expected):
        Microphone()


def test_a_missing_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        AudioError, match=r"^microphone: the PortAudio library is missing \(PortAudio library not"
    ):
        Microphone()
