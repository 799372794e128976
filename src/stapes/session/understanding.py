"""What was meant: the intent of an utterance, and its slots."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stapes.decode import Hypothesis
from stapes.grammar import Slot, Verdict
from stapes.session.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Understanding:
    """What an utterance means to a grammar.

    Attributes:
        understood: whether it was a sentence of the grammar.
        transcript: the words of the sentence. If not understood: the words that were heard, or none if strict.
        intent: of the sentence; None if not understood.
        slots: that the words of the sentence fill; none if not understood.
        values: of all slots by name, with those that hold whenever this sentence is said.
        deficit: by how many nats the sentence explains the sound worse than the best words of all; infinite if the
            grammar has no sentence for it.
    """

    understood: bool
    transcript: Transcript
    intent: str | None = None
    slots: tuple[Slot, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    deficit: float = float("inf")

    @property
    def text(self) -> str:
        """The words with single spaces between them."""
        return self.transcript.text


def to_understanding(
    verdict: Verdict, written: Callable[[Hypothesis], Transcript], strict: bool
) -> Understanding:
    """The understanding that ``verdict`` tells, its words as ``written`` gives them."""
    if verdict.match is not None and verdict.understood:
        match = verdict.match
        transcript = written(verdict.held)
        return Understanding(True, transcript, match.intent, match.slots, match.values, verdict.deficit)
    heard = written(verdict.free)
    transcript = Transcript("", (), heard.duration) if strict else heard
    return Understanding(False, transcript, deficit=verdict.deficit)
