from dataclasses import replace
from pathlib import Path

import pytest

from stapes.corpus import Utterance, check_leaks
from stapes.corpus.leaks import Guard, held_out_voices, sift
from stapes.errors import CorpusError

MADE = Utterance("s1", Path("s1.opus"), "turn on the lamp", 1.0, "am_adam", set="synthetic")
REAL = Utterance("r1", Path("r1.flac"), "yes", 1.0, "fash", set="an4")
DIGIT = Utterance("d1", Path("d1.flac"), "seven", 1.0, "george", set="digits")
HELD_OUT = [
    Utterance("s9", Path("s9.opus"), "turn off the radio", 1.0, "af_nova", set="synthetic"),
    Utterance("r9", Path("r9.flac"), "enter nine", 1.0, "fcaw", set="an4"),
    Utterance("d9", Path("d9.flac"), "seven", 1.0, "theo", set="digits"),
]


def test_clean_training_passes() -> None:
    check_leaks([MADE, REAL, DIGIT], HELD_OUT, ["what time is it"])


@pytest.mark.parametrize(
    ("leak", "reason"),
    [
        (replace(MADE, speaker="bf_lily"), "the voice bf_lily is held out"),
        (replace(MADE, speaker="0.72*am_santa+0.28*af_nova"), "the voice af_nova is held out"),
        (replace(MADE, speaker="0.5*am_onyx+0.5*bf_lily"), "the voice am_onyx and bf_lily is held out"),
        (replace(MADE, set=None, speaker="kokoro:am_onyx"), "the voice am_onyx is held out"),
        (replace(MADE, speaker="flite:slt"), "the engine flite is held out"),
        (replace(MADE, set="piper", speaker="piper:joe"), "the engine piper is held out"),
        (replace(MADE, set="pico", text="enter nine"), "the sentence 'enter nine' is held out"),
        (replace(MADE, text="turn off the radio"), "the sentence 'turn off the radio' is held out"),
        (replace(MADE, text="Turn off, the RADIO!"), "the sentence 'Turn off, the RADIO!' is held out"),
        (replace(MADE, text="what time is it"), "the sentence 'what time is it' is held out"),
        (replace(MADE, text="enter 9"), "the sentence 'enter 9' is held out"),
        (replace(MADE, set=None, text="enter 9"), "the sentence 'enter 9' is held out"),
        (replace(REAL, speaker="fcaw"), "the speaker fcaw is held out"),
        (replace(DIGIT, speaker="theo"), "the speaker theo is held out"),
        (replace(REAL, audio=Path("other/../r9.flac")), "the recording is held out"),
    ],
)
def test_each_kind_of_leak_is_named(leak: Utterance, reason: str) -> None:
    with pytest.raises(CorpusError) as caught:
        check_leaks([MADE, replace(leak, id="bad")], HELD_OUT, ["what time is it"])
    assert str(caught.value) == f"bad: must not be trained on, because {reason} (1 such in all)"


@pytest.mark.parametrize(
    "fine",
    [
        replace(MADE, text="seven"),  # everyone says the digits
        replace(REAL, text="enter nine"),  # a prompt of AN4, by a speaker trained on
        replace(DIGIT, speaker="fcaw"),  # the same name in another set is another person
        replace(MADE, speaker="am_onyxia"),
        replace(MADE, speaker="pico:en-GB:90:1.08"),
        replace(DIGIT, text="enter nine"),
        replace(DIGIT, set="commands", text="enter nine"),
        replace(MADE, text=""),
    ],
)
def test_what_only_looks_like_a_leak_passes(fine: Utterance) -> None:
    check_leaks([fine], [*HELD_OUT, replace(HELD_OUT[0], id="silence", audio=Path("n.opus"), text="")])


def test_sifting_leaves_out_the_leaks_and_keeps_the_order() -> None:
    leak = replace(MADE, id="bad", speaker="0.1*af_nova+0.9*am_adam")
    assert sift([REAL, leak, MADE], Guard(HELD_OUT)) == ([REAL, MADE], 1)


def test_voices_are_whole_names() -> None:
    assert held_out_voices("0.3*af_nova + 0.7*bm_daniel") == ["af_nova"]
    assert held_out_voices("af_nova2") == held_out_voices(None) == []
