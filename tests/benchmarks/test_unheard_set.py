"""Speech of unheard engines: which text, which voice, and going on."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.unheard_sentences import SENTENCES
from benchmarks.unheard_set import Engine, Sound, Speak, speak_set, with_letter_names
from stapes.corpus import normalise, read_manifest


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("b a r a", "b A r A"),
        ("wake me at three a m", "wake me at three A m"),
        ("play a song", "play a song"),
        ("a", "a"),
    ],
)
def test_the_letter_a_is_no_article(text: str, read: str) -> None:
    assert with_letter_names(text, "A") == read


@pytest.mark.parametrize(("name", "least"), [("known", 300), ("new", 100)])
def test_the_stored_sentences_are_spoken_forms_each_once(name: str, least: int) -> None:
    sentences = (SENTENCES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert len(set(sentences)) == len(sentences) >= least
    assert [normalise(sentence) for sentence in sentences] == sentences


def test_a_set_is_spoken_once_and_gone_on_with(tmp_path: Path) -> None:
    said: list[tuple[str, str, float]] = []

    def speak(text: str, voice: str, speed: float) -> Sound:
        said.append((text, voice, speed))
        return np.full(4000, 0.5, np.float32), 8000

    engine = Engine(("high", "low"), "A", nullcontext[Speak](speak))
    speak_set(tmp_path, "unheard-fake", engine, speak, ["go to a b", "stay"])
    speak_set(tmp_path, "unheard-fake", engine, speak, ["stay", "go to a b", "come"])
    assert [text for text, _, _ in said] == ["go to A b", "stay", "come"]
    assert all(voice in ("high", "low") and 0.85 <= speed <= 1.15 for _, voice, speed in said)
    spoken = read_manifest(tmp_path / "unheard-fake.jsonl", check_audio=True)
    assert [utterance.text for utterance in spoken] == ["stay", "go to a b", "come"]
    assert soundfile.info(spoken[0].audio).frames == 8000
    assert {(u.duration, u.set) for u in spoken} == {(0.5, "unheard-fake")}
    assert spoken[2].speaker == f"fake:{said[2][1]}"
