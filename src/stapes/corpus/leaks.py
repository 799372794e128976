"""The guard between what is trained on and what is measured on."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stapes.corpus.manifest import Utterance
from stapes.corpus.text import normalise
from stapes.errors import CorpusError

HELD_OUT_VOICES = frozenset({"af_nova", "am_onyx", "bf_lily"})
# Engines whose speech measures how strangers are understood; speakers are written ENGINE:VOICE.
HELD_OUT_ENGINES = frozenset({"flite", "festival", "piper"})
# Sets whose every speaker says the same few sentences: there only the speaker tells training from test.
CLOSED_SETS = frozenset({"keywords", "digits", "words", "commands"})
# Real recordings; any other set may be made speech, whose sentences measure an open vocabulary.
_RECORDED = CLOSED_SETS | {"an4"}
# Its speakers are voices, told apart by HELD_OUT_VOICES.
_MADE = "synthetic"


class Guard:
    """Refuses recordings, speakers, voices and sentences that some held-out set is measured on.

    Args:
        held_out: the development and test sets.
        sentences: further sentences that must not be trained on, in any form.
    """

    def __init__(self, held_out: Iterable[Utterance], sentences: Iterable[str] = ()) -> None:
        held_out = list(held_out)
        self._recordings = {utterance.audio.resolve() for utterance in held_out}
        self._speakers = {(u.set, u.speaker) for u in held_out if u.speaker is not None and u.set != _MADE}
        self._sentences = {normalise(u.text) for u in held_out if u.set not in CLOSED_SETS}
        self._sentences |= {normalise(sentence) for sentence in sentences}
        self._sentences.discard("")

    def reason(self, utterance: Utterance) -> str | None:
        """Why ``utterance`` must not be trained on, or None where it may."""
        voices = held_out_voices(utterance.speaker)
        if voices:
            return f"the voice {' and '.join(voices)} is held out"
        engine = (utterance.speaker or "").partition(":")[0]
        if engine in HELD_OUT_ENGINES:
            return f"the engine {engine} is held out"
        if utterance.audio.resolve() in self._recordings:
            return "the recording is held out"
        if (utterance.set, utterance.speaker) in self._speakers:
            return f"the speaker {utterance.speaker} is held out"
        if utterance.set not in _RECORDED and self.has_sentence(utterance.text):
            return f"the sentence '{utterance.text}' is held out"
        return None

    def has_sentence(self, text: str) -> bool:
        """Whether ``text``, in spoken form, is a held-out sentence."""
        return normalise(text) in self._sentences


class Sifted(NamedTuple):
    """What may be trained on, and how many utterances were left out."""

    kept: list[Utterance]
    left_out: int


def sift(train: Sequence[Utterance], guard: Guard) -> Sifted:
    """Leave out of ``train`` what ``guard`` refuses."""
    kept = [utterance for utterance in train if guard.reason(utterance) is None]
    return Sifted(kept, len(train) - len(kept))


def check_leaks(
    train: Iterable[Utterance], held_out: Iterable[Utterance], sentences: Iterable[str] = ()
) -> None:
    """Make sure that nothing measured on is trained on.

    A held-out voice (alone or in a mixture) or engine, a recording, a speaker of the same set, and, in all sets
    but the real ones that ``prepare`` splits by speaker, a sentence of a held-out set must not occur in ``train``.

    Raises:
        CorpusError: something leaks; the first case is named, with the number of cases.
    """
    guard = Guard(held_out, sentences)
    leaks = [(u.id, reason) for u in train if (reason := guard.reason(u)) is not None]
    if leaks:
        name, reason = leaks[0]
        raise CorpusError(f"{name}: must not be trained on, because {reason} ({len(leaks)} such in all)")


def held_out_voices(speaker: str | None) -> list[str]:
    """The held-out voices in ``speaker``: one voice, or a mixture such as ``0.7*am_adam+0.3*bf_lily``."""
    return sorted(HELD_OUT_VOICES & set(re.split(r"[^A-Za-z0-9_]+", speaker or "")))
