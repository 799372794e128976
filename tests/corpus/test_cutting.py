"""Words are cut out of sentences where it is quiet around them, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stapes.corpus import Utterance, cutting
from stapes.corpus.cutting import cut
from stapes.corpus.streams import RATE_HZ

MS = RATE_HZ // 1000
# Three words; between the first two it is quiet, the third follows the second at once.
WORDS = [(100, 400), (500, 800), (800, 1100)]
GAPS = [(380 * MS, 520 * MS), (780 * MS, 820 * MS)]
SENTENCE = Utterance("1", Path("1.wav"), "go on then", 1.2, speaker="s", start=2.0, set="a")


def sound() -> NDArray[np.float32]:
    samples = 1e-4 * np.random.default_rng(0).standard_normal(1200 * MS)
    for begin, end in WORDS:
        samples[begin * MS : end * MS] += 0.3 * np.sin(0.1 * np.arange((end - begin) * MS))
    return samples.astype(np.float32)


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "SHARES", (1.0, 1.0, 1.0))


def found(samples: NDArray[np.float32], utterance: Utterance = SENTENCE) -> list[Utterance]:
    return list(cut(utterance, samples, GAPS, np.random.default_rng(0)))


@pytest.mark.usefixtures("everything")
def test_what_is_set_apart_is_cut_out() -> None:
    assert [each.text for each in found(sound())] == ["go", "on then"]


@pytest.mark.usefixtures("everything")
def test_a_cut_is_a_place_in_the_same_recording() -> None:
    first, second = found(sound())
    assert first.start == 2.0
    assert 0.4 <= first.duration <= 0.5
    assert second.start == pytest.approx(first.start + first.duration)
    assert second.start + second.duration == pytest.approx(3.2)
    assert {(each.audio, each.speaker, each.set) for each in (first, second)} == {(Path("1.wav"), "s", "a")}
    assert first.id != second.id


@pytest.mark.usefixtures("everything")
def test_noise_between_words_keeps_them_together() -> None:
    loud = sound()
    loud[400 * MS : 500 * MS] += 0.2 * np.random.default_rng(1).standard_normal(100 * MS).astype(np.float32)
    assert found(loud) == []


@pytest.mark.usefixtures("everything")
def test_what_is_too_short_has_lost_a_part() -> None:
    samples = sound()[300 * MS :]
    gaps = [(80 * MS, 220 * MS), (480 * MS, 520 * MS)]
    made = cut(SENTENCE, samples, gaps, np.random.default_rng(0))
    assert [each.text for each in made] == ["on then"]


def test_stretches_of_several_words_are_drawn() -> None:
    texts = [
        tuple(each.text for each in cut(SENTENCE, sound(), GAPS, np.random.default_rng(seed)))
        for seed in range(40)
    ]
    assert set(texts) == {("go",), ("go", "on then")}
    assert 4 <= sum(len(each) == 2 for each in texts) <= 20
