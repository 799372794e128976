"""Sound files: every kind, rate and width, and every way of being broken."""

import struct
import sys
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stapes.audio import AudioReader, AudioWarning, read
from stapes.errors import AudioError

CONTAINERS: dict[str, dict[str, Any]] = {
    "wav": {},
    "flac": {},
    "ogg": {"format": "OGG", "subtype": "VORBIS"},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "mp3": {"format": "MP3"},
}


def sweep(seconds: float, sample_rate_hz: int) -> NDArray[np.float32]:
    """A tone gliding from 200 to 3000 Hz with an amplitude of 0.5."""
    time = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    phase = 2 * np.pi * (200 * time + 1400 / seconds * time**2)
    return (0.5 * np.sin(phase)).astype(np.float32)


def write(path: Path, samples: NDArray[Any], sample_rate_hz: int, **settings: Any) -> Path:
    soundfile.write(path, samples, sample_rate_hz, **(CONTAINERS[path.suffix[1:]] | settings))
    return path


def cut(path: Path, kept_bytes: int) -> Path:
    path.write_bytes(path.read_bytes()[:kept_bytes])
    return path


def wav_bytes(
    channels: int = 1,
    sample_rate_hz: int = 16_000,
    data: bytes = bytes(200),
    promised_bytes: int | None = None,
) -> bytes:
    """A WAV file of 16-bit samples, field by field."""
    promised_bytes = len(data) if promised_bytes is None else promised_bytes
    frame_bytes = 2 * channels
    layout = struct.pack(
        "<HHIIHH", 1, channels, sample_rate_hz, frame_bytes * sample_rate_hz % 2**32, frame_bytes, 16
    )
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", promised_bytes) + data
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


# ---------------------------------------------------------------- whole files


@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_kind_gives_the_same_sound(tmp_path: Path, kind: str) -> None:
    original = sweep(1.5, 16_000)
    samples = read(write(tmp_path / f"a.{kind}", original, 16_000))
    assert samples.dtype == np.float32
    assert samples.shape == original.shape
    assert correlation(samples, original) > 0.995


@pytest.mark.parametrize("sample_rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_arrives_at_16_khz_in_time(tmp_path: Path, sample_rate_hz: int) -> None:
    samples = read(write(tmp_path / "a.wav", sweep(1.0, sample_rate_hz), sample_rate_hz))
    expected = sweep(1.0, 16_000)
    assert samples.size == expected.size
    # The filter rings at both ends, where the tone begins and stops at once.
    assert np.abs(samples - expected)[200:-200].max() < 1e-3


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_sample_type_has_full_scale_at_one(tmp_path: Path, subtype: str) -> None:
    original = sweep(0.2, 16_000)
    samples = read(write(tmp_path / "a.wav", original, 16_000, subtype=subtype))
    bound = {"PCM_U8": 2**-7, "ULAW": 2**-5}.get(subtype, 2**-15)
    assert np.abs(samples - original).max() <= bound


@pytest.mark.parametrize("channels", [1, 2, 6, 64])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    loudness = np.arange(1, channels + 1, dtype=np.float32) / channels
    original = sweep(0.2, 16_000)
    samples = read(write(tmp_path / "a.wav", original[:, None] * loudness, 16_000, subtype="FLOAT"))
    np.testing.assert_allclose(samples, original * loudness.mean(), atol=1e-6)


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("block_seconds", [0.001, 0.013, 100.0])
def test_block_length_does_not_change_the_samples(tmp_path: Path, kind: str, block_seconds: float) -> None:
    path = write(tmp_path / f"a.{kind}", sweep(0.7, 48_000), 48_000)
    blocks = list(AudioReader(path, block_seconds=block_seconds))
    np.testing.assert_array_equal(np.concatenate(blocks), read(path))


def test_a_reader_can_be_iterated_again(tmp_path: Path) -> None:
    reader = AudioReader(write(tmp_path / "a.wav", sweep(0.3, 48_000), 48_000))
    np.testing.assert_array_equal(np.concatenate(list(reader)), np.concatenate(list(reader)))


def test_one_hour_streams_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "hour.wav"
    hour_bytes = 3600 * 8_000 * 2
    path.write_bytes(wav_bytes(sample_rate_hz=8_000, data=b"", promised_bytes=hour_bytes))
    with path.open("r+b") as file:
        file.truncate(44 + hour_bytes)  # a hole in the file: silence that takes no room on the disk
    next(iter(AudioReader(path)))
    tracemalloc.start()
    samples = sum(block.size for block in AudioReader(path))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert samples == 3600 * 16_000
    assert peak_bytes < 1_000_000


def test_a_flac_of_unknown_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", sweep(1.2, 16_000), 16_000)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    expected = read(path)
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(read(path), expected)


def test_a_wav_from_a_pipe_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(promised_bytes=0xFFFFFFFF))
    assert read(path).size == 100


# ---------------------------------------------------------------- files that end too early


@pytest.mark.parametrize("kind", CONTAINERS)
def test_cut_off_data_is_delivered_with_a_warning(tmp_path: Path, kind: str, capfd: Any) -> None:
    original = sweep(12.0, 16_000)
    path = write(tmp_path / f"a.{kind}", original, 16_000)
    cut(path, path.stat().st_size * 3 // 5)
    with pytest.warns(
        AudioWarning, match=rf"a\.{kind}: the recording is cut off or damaged after \d+\.\d\d s"
    ):
        samples = read(path)
    assert 3 * 16_000 < samples.size < 10 * 16_000
    assert correlation(samples[:16_000], original[:16_000]) > 0.99


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "opus"])
def test_one_missing_byte_is_noticed(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / f"a.{kind}", sweep(6.0, 16_000), 16_000)
    cut(path, path.stat().st_size - 1)
    reader = AudioReader(path)
    assert sum(block.size for block in reader) > 0
    assert reader.warning is not None
    assert reader.warning.endswith("s; the rest is missing")


def test_flac_keeps_every_sample_before_the_damage(tmp_path: Path) -> None:
    original = sweep(4.0, 16_000)
    path = write(tmp_path / "a.flac", original, 16_000)
    cut(path, path.stat().st_size - 1)
    reader = AudioReader(path)
    samples = np.concatenate(list(reader))
    last_whole_frame = original.size // 4096 * 4096
    assert samples.size == last_whole_frame
    np.testing.assert_allclose(samples, original[:last_whole_frame], atol=2**-15)


def test_the_warning_of_an_earlier_pass_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(promised_bytes=400))
    reader = AudioReader(path)
    list(reader)
    assert reader.warning == f"{path}: the recording is cut off or damaged after 0.01 s; the rest is missing"
    path.write_bytes(wav_bytes())
    list(reader)
    assert reader.warning is None


# ---------------------------------------------------------------- files that are refused


def refusal(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.wav") == "no such file"


def test_a_folder(tmp_path: Path) -> None:
    expected = "a folder; a sound file is expected (wav, flac, ogg, opus and mp3 are accepted)"
    assert refusal(tmp_path) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="no devices in the file system")
def test_a_device() -> None:
    assert refusal(Path("/dev/null")) == "not a regular file; pipes and devices cannot be read"


@pytest.mark.parametrize("name", ["a.txt", "a.wav", "a.mp3", "a.raw"])
def test_not_audio(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Call me Ishmael. " * 100)
    assert refusal(path) == "not a sound file; wav, flac, ogg, opus and mp3 are accepted"


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.touch()
    assert refusal(path) == "the file is empty (0 bytes)"


@pytest.mark.parametrize("kind", ["wav", "ogg"])
def test_no_samples(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / f"a.{kind}", np.zeros(0), 16_000)
    assert refusal(path) == "the recording holds no samples; at least one sample is needed"


@pytest.mark.parametrize("kept_bytes", [4, 8, 10, 12, 20, 30, 40])
def test_a_wav_header_cut_off(tmp_path: Path, kept_bytes: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes()[:kept_bytes])
    assert refusal(path) == "the wav header is cut off or damaged"


@pytest.mark.parametrize(("kind", "name"), [("flac", "flac"), ("ogg", "ogg"), ("opus", "ogg")])
def test_other_headers_cut_off(tmp_path: Path, kind: str, name: str) -> None:
    path = cut(write(tmp_path / f"a.{kind}", sweep(1.0, 16_000), 16_000), 35)
    assert refusal(path) == f"the {name} header is cut off or damaged"


def test_an_mp3_header_cut_off(tmp_path: Path, capfd: Any) -> None:
    path = cut(write(tmp_path / "a.mp3", sweep(1.0, 16_000), 16_000), 35)
    assert refusal(path) == "the mp3 header is cut off or damaged"


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_data_cut_off_before_the_first_sample(tmp_path: Path, kind: str) -> None:
    header_bytes = {"wav": 44, "flac": 100}[kind]
    path = cut(write(tmp_path / f"a.{kind}", sweep(1.0, 16_000), 16_000), header_bytes)
    expected = "the recording is cut off or damaged before the first sample; at least one sample is needed"
    assert refusal(path) == expected


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite(tmp_path: Path, subtype: str, bad: float) -> None:
    samples = sweep(2.0, 16_000).astype(np.float64)
    samples[-1] = bad
    path = write(tmp_path / "a.wav", np.stack([samples, samples], axis=1), 16_000, subtype=subtype)
    assert refusal(path) == "holds samples that are NaN or infinite; only finite samples are sound"


def test_zero_channels(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(channels=0))
    assert refusal(path) == "the header declares zero channels; at least one is needed"


@pytest.mark.parametrize("sample_rate_hz", [0, 7_999, 192_001, 2**32 - 1])
def test_rates_outside_the_range(tmp_path: Path, sample_rate_hz: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(sample_rate_hz=sample_rate_hz))
    expected = f"a sample rate of {sample_rate_hz} Hz is not supported; 8000 to 192000 Hz is accepted"
    assert refusal(path) == expected


def test_a_flac_outside_the_range(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", sweep(0.1, 16_000), 4_000)
    assert refusal(path) == "a sample rate of 4000 Hz is not supported; 8000 to 192000 Hz is accepted"


def test_more_channels_than_any_microphone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros((10, 65)), 16_000)
    assert "with 1 to 64 channels is expected" in refusal(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits")
def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.wav", sweep(0.1, 16_000), 16_000)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(path) == "cannot be read: Permission denied"


def test_settings_of_the_reader(tmp_path: Path) -> None:
    with pytest.raises(
        AudioError, match=r"^reading audio: a sample rate of 100 Hz is not supported; 8000 to"
    ):
        AudioReader(tmp_path, sample_rate_hz=100)
    with pytest.raises(AudioError, match=r"^reading audio: blocks of 0 s; a length above 0 s is accepted"):
        AudioReader(tmp_path, block_seconds=0)
