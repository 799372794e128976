"""Streams of sound to transcripts, with a network whose words can be played."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from stapes.audio import AudioWarning
from stapes.errors import AudioError, ConfigError, FormatError
from stapes.session import Recognizer, Transcript, Word
from tests.session.played import FRAME_SAMPLES, PlayedNetwork, play

SPOKEN = play(0, 1, 0, 0, 3, 4, 0, 2)


@pytest.fixture(params=[1, 4])
def recognizer(request: pytest.FixtureRequest) -> Recognizer:
    return Recognizer(PlayedNetwork(), beam=request.param)


def test_words_with_their_times(recognizer: Recognizer) -> None:
    transcript = recognizer.transcribe(SPOKEN)
    assert transcript.text == "go upper stop"
    assert transcript.duration == pytest.approx(0.32)
    times = [(word.text, round(word.start, 6), round(word.end, 6)) for word in transcript.words]
    assert times == [("go", 0.04, 0.08), ("upper", 0.16, 0.24), ("stop", 0.28, 0.32)]
    assert all(0.5 < word.confidence <= 1 for word in transcript.words)


def test_the_last_frame_is_heard_without_any_silence_behind_it(recognizer: Recognizer) -> None:
    cut = SPOKEN[: SPOKEN.size - FRAME_SAMPLES + 1]
    transcript = recognizer.transcribe(cut)
    assert transcript.text == "go upper stop"
    assert transcript.words[-1].end == transcript.duration == cut.size / 16_000


def test_the_last_samples_leave_the_resampler(recognizer: Recognizer) -> None:
    cut = np.repeat(SPOKEN[: SPOKEN.size - FRAME_SAMPLES + 50], 3)
    assert recognizer.transcribe(cut, 48_000).text == "go upper stop"


def test_partial_words_grow(recognizer: Recognizer) -> None:
    stream = recognizer.stream()
    texts = [stream.accept(SPOKEN[start : start + 640]).partial.text for start in range(0, SPOKEN.size, 640)]
    assert texts == ["", "go", "go", "go", "go up", "go upper", "go upper", "go upper stop"]
    before = stream.partial
    final = stream.finish()
    assert [(word.text, word.start, word.end) for word in before.words] == [
        (word.text, word.start, word.end) for word in final.words
    ]
    assert stream.partial == final == stream.finish()


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 2000), max_size=12),
    sample_rate_hz=st.sampled_from([8_000, 16_000, 44_100]),
    beam=st.sampled_from([1, 4]),
)
def test_chunking_changes_nothing(sizes: list[int], sample_rate_hz: int, beam: int) -> None:
    recognizer = Recognizer(PlayedNetwork(), beam)
    stream = recognizer.stream(sample_rate_hz)
    for chunk in np.split(SPOKEN, np.minimum(np.cumsum(sizes), SPOKEN.size)):
        stream.accept(chunk)
    assert stream.finish() == recognizer.transcribe(SPOKEN, sample_rate_hz)


def test_streams_do_not_disturb_each_other(recognizer: Recognizer) -> None:
    one, other = recognizer.stream(), recognizer.stream()
    for start in range(0, SPOKEN.size, 500):
        one.accept(SPOKEN[start : start + 500])
        other.accept(np.zeros(500))
    assert one.finish().text == "go upper stop"
    assert other.finish().text == ""


@pytest.mark.parametrize("sample_rate_hz", [8_000, 16_000, 48_000])
def test_duration_is_that_of_the_source(recognizer: Recognizer, sample_rate_hz: int) -> None:
    assert recognizer.transcribe(np.zeros(1001), sample_rate_hz).duration == 1001 / sample_rate_hz


def test_stereo_integers(recognizer: Recognizer) -> None:
    stereo = np.stack([SPOKEN * 2, np.zeros_like(SPOKEN)], axis=1) * 32768
    stereo = stereo.clip(-32768, 32767).astype(np.int16)
    transcript = recognizer.transcribe(stereo)
    assert transcript.text == "go upper stop"
    assert transcript.duration == SPOKEN.size / 16_000


def test_nothing_is_no_error(recognizer: Recognizer) -> None:
    assert recognizer.transcribe(np.zeros(0)) == Transcript("", (), 0.0)


@pytest.mark.parametrize("as_type", [str, Path])
def test_files(recognizer: Recognizer, tmp_path: Path, as_type: Any) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([SPOKEN, SPOKEN], axis=1), 16_000)
    assert recognizer.transcribe(as_type(path)).text == "go upper stop"


def test_a_file_that_was_cut_off(recognizer: Recognizer, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, SPOKEN, 16_000)
    path.write_bytes(path.read_bytes()[: -2 * FRAME_SAMPLES])
    with pytest.warns(
        AudioWarning, match=r"a\.wav: the recording is cut off or damaged after 0\.28 s"
    ) as caught:
        assert recognizer.transcribe(path).text == "go upper"
    assert caught[0].filename == __file__


def test_a_finished_stream(recognizer: Recognizer) -> None:
    stream = recognizer.stream()
    stream.finish()
    with pytest.raises(AudioError, match=r"^stream: finished; a new stream is needed for more samples$"):
        stream.accept(SPOKEN)


def test_what_is_refused(recognizer: Recognizer, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"a\.wav: no such file$"):
        recognizer.transcribe(tmp_path / "a.wav")
    with pytest.raises(AudioError, match=r"^samples: holds samples that are NaN or infinite"):
        recognizer.transcribe([math.nan])
    with pytest.raises(
        AudioError, match=r"a sample rate of 4000 Hz is not supported; 8000 to 192000 Hz is accepted$"
    ):
        recognizer.stream(4_000)
    with pytest.raises(ConfigError, match=r"^recognizer: beam is 0; 1 or more is accepted$"):
        Recognizer(PlayedNetwork(), beam=0)


def test_a_missing_model(tmp_path: Path) -> None:
    expected = r"a packed model \(\.stapes\) is expected, or one of en-assistant, en-assistant-small$"
    with pytest.raises(FormatError, match=r"my\.stapes: no such file; " + expected):
        Recognizer(tmp_path / "my.stapes")


def test_transcripts_are_values() -> None:
    word = Word("go", 0.04, 0.08, 0.9)
    assert Transcript("go", (word,), 1.0) == Transcript("go", (Word("go", 0.04, 0.08, 0.9),), 1.0)
    with pytest.raises(AttributeError):
        word.text = "stop"  # type: ignore[misc]  # what the test is about
