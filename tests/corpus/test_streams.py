"""Streams hold the whole sentence, its pauses where they are said to be, and its end where it is said to be.

Letters of shapes: N samples.
"""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stapes.corpus import Utterance
from stapes.corpus.streams import SpokenStream, StreamConfig, build_stream, make_streams
from stapes.errors import ConfigError
from stapes.units import SAMPLE_RATE_HZ

MS = SAMPLE_RATE_HZ // 1000
QUIET = StreamConfig(
    noise_probability=0.0, talk_probability=0.0, hesitation_probability=0.0, second_pause_probability=0.0
)
# Two words, 200 to 500 ms and 560 to 900 ms, with a gap that is quietest in its middle.
GAP = (440 * MS, 620 * MS)


def sentence(noise: float = 1e-4) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    sound = noise * rng.standard_normal(1200 * MS)
    for begin, end in ((200, 500), (560, 900)):
        time = np.arange((end - begin) * MS) / SAMPLE_RATE_HZ
        sound[begin * MS : end * MS] += 0.3 * np.sin(2 * np.pi * 200 * time)
    return sound.astype(np.float32)


def build(config: StreamConfig, seed: int = 0, talk: NDArray[np.float32] | None = None) -> SpokenStream:
    return build_stream(sentence(), lambda: [GAP], np.random.default_rng(seed), config, talk)


def level_db(samples: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-12))


@pytest.mark.parametrize("seed", range(4))
def test_the_sentence_begins_and_ends_where_it_is_said(seed: int) -> None:
    stream = build(StreamConfig(**{**vars(QUIET), "pause_probability": 0.0}), seed)
    assert stream.pauses == ()
    assert 0.3 <= stream.begin_samples / SAMPLE_RATE_HZ <= 1.0
    spoken = stream.end_samples - stream.begin_samples
    # A safety margin of 30 ms before the first word is the speaker's.
    assert spoken / MS == pytest.approx(740, abs=30)
    assert len(stream.samples) - stream.end_samples == 3 * SAMPLE_RATE_HZ
    assert level_db(stream.samples[stream.end_samples - 80 * MS : stream.end_samples - 40 * MS]) > -20
    assert level_db(stream.samples[stream.end_samples + 50 * MS :]) < -60
    assert level_db(stream.samples[: stream.begin_samples - 50 * MS]) < -60


def test_a_decay_may_be_longer_than_the_tail() -> None:
    stream = build(StreamConfig(**{**vars(QUIET), "pause_probability": 0.0, "tail_s": 0.0}))
    assert 0 < len(stream.samples) - stream.end_samples < 100 * MS


@pytest.mark.parametrize("seed", range(4))
def test_a_pause_lies_between_the_words(seed: int) -> None:
    config = StreamConfig(**{**vars(QUIET), "pause_probability": 1.0})
    stream = build(config, seed)
    ((begin, end),) = stream.pauses
    assert 0.3 <= (end - begin) / SAMPLE_RATE_HZ <= 1.5
    assert (begin - stream.begin_samples) / MS == pytest.approx(330, abs=60)
    assert level_db(stream.samples[begin:end]) < -60
    assert level_db(stream.samples[begin - 100 * MS : begin - 60 * MS]) > -20
    assert level_db(stream.samples[end + 60 * MS : end + 100 * MS]) > -20
    assert (stream.end_samples - end) / MS == pytest.approx(370, abs=60)


def test_a_hesitation_is_a_vowel_in_the_first_part_of_a_pause() -> None:
    config = StreamConfig(**{**vars(QUIET), "pause_probability": 1.0, "hesitation_probability": 1.0})
    stream = build(config)
    ((begin, end),) = stream.pauses
    middle = begin + 3 * (end - begin) // 4
    assert level_db(stream.samples[begin:middle]) > -40
    assert level_db(stream.samples[middle:end]) < -60


def test_noise_and_talk_are_as_far_below_speech_as_is_asked() -> None:
    talk = np.random.default_rng(2).standard_normal(SAMPLE_RATE_HZ).astype(np.float32)
    surroundings = {
        "noise": {"noise_probability": 1.0, "noise_snr_db_range": (20.0, 20.0)},
        "talk": {"talk_probability": 1.0, "talk_snr_db_range": (20.0, 20.0)},
    }
    for name, changes in surroundings.items():
        stream = build(StreamConfig(**{**vars(QUIET), "pause_probability": 0.0, **changes}), talk=talk)
        speech = level_db(stream.samples[stream.begin_samples : stream.end_samples])
        around = level_db(stream.samples[stream.end_samples + 100 * MS :])
        assert speech - around == pytest.approx(20, abs=3), name


def test_the_gaps_are_asked_for_where_there_is_a_pause() -> None:
    def refuse() -> list[tuple[int, int]]:
        raise AssertionError("no pause, no gaps")

    config = StreamConfig(**{**vars(QUIET), "pause_probability": 0.0})
    assert build_stream(sentence(), refuse, np.random.default_rng(0), config).pauses == ()
    paused = StreamConfig(**{**vars(QUIET), "pause_probability": 1.0})
    assert build_stream(sentence(), list, np.random.default_rng(0), paused).pauses == ()


def test_streams_of_a_manifest_are_the_same_again(tmp_path: Path) -> None:
    utterances = []
    for index in range(3):
        path = tmp_path / f"{index}.wav"
        soundfile.write(path, sentence(noise=1e-3 * (index + 1)), SAMPLE_RATE_HZ)
        utterances.append(Utterance(str(index), path, "go on", 1.2))

    def gaps(samples: NDArray[np.float32], text: str) -> list[tuple[int, int]]:
        assert (len(samples), text) == (1200 * MS, "go on")
        return [GAP]

    first, again = (list(make_streams(utterances, gaps, StreamConfig(), seed=3)) for _ in range(2))
    other = list(make_streams(utterances, gaps, StreamConfig(), seed=4))
    for one, same, different in zip(first, again, other, strict=True):
        assert np.array_equal(one.samples, same.samples)
        assert one.pauses == same.pauses
        assert not np.array_equal(one.samples[:8000], different.samples[:8000])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pause_probability": 1.5}, r"^pause_probability is 1\.5; 0 to 1 is accepted$"),
        (
            {"pause_s_range": (1.0, 0.5)},
            r"^pause_s_range is \[1\.0, 0\.5\]; the least and the most are accepted$",
        ),
        ({"lead_s_range": (1.0,)}, r"^lead_s_range is \[1\.0\]; the least and the most are accepted$"),
    ],
)
def test_what_is_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        StreamConfig(**changes)
