"""New sentences from labelled ones: the words of one around the slot values of others.

What a user asks is open, how it is asked is not: a few thousand labelled commands hold far more commands than were
collected. The sentences teach a language model, and can be synthesised.
"""

import json
import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stapes.corpus.text import normalise
from stapes.errors import CorpusError

_MAX_WORDS = 16
# A small set has few sentences to make: after this many draws for each new one, it is taken as exhausted.
_DRAWS_PER_SENTENCE = 50


@dataclass(frozen=True)
class Labelled:
    """A sentence with its slots.

    Args:
        source: whose slot names these are; values are exchanged within one source alone.
        text: as written.
        slots: name, first character, and character after the last, from left to right and disjoint.
    """

    source: str
    text: str
    slots: tuple[tuple[str, int, int], ...]


def read_labelled(path: Path) -> list[Labelled]:
    """The sentences with slots of ``path``, lines such as ``{"text": "wake me at six", "slots": [{"slot": "time",
    "start": 11, "end": 14}]}``. Sentences whose slots overlap are left out.

    Raises:
        CorpusError: a line is no such object.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            slots = sorted(map(_slot, row.get("slots", ())), key=lambda slot: slot[1])
            text = str(row["text"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CorpusError(
                f"{path}, line {number}: is no labelled sentence; text and slots with slot, start and end are expected"
            ) from None
        ends = [0, *(end for _, _, end in slots)]
        if slots and all(end <= start for end, (_, start, _) in zip(ends, slots, strict=False)):
            found.append(Labelled(path.parent.name, text, tuple(slots)))
    return found


def recombine(labelled: Iterable[Labelled], count: int, refused: Collection[str], seed: int = 0) -> list[str]:
    """Up to ``count`` sentences in spoken form, each once: the words of one sentence around values of others.

    Args:
        labelled: sentences with slots.
        count: how many to make; fewer come where the sentences have no more to give.
        refused: sentences in spoken form that are held out: none of them is made, and one that is among
            ``labelled`` lends neither its words nor its values.
        seed: of the draw.
    """
    allowed = [sentence for sentence in labelled if normalise(sentence.text) not in refused]
    values = _values(allowed)
    draw = random.Random(seed)
    made: dict[str, None] = {}
    for _ in range(_DRAWS_PER_SENTENCE * count if allowed else 0):
        if len(made) == count:
            break
        sentence = normalise(_filled(draw.choice(allowed), values, draw))
        if 0 < len(sentence.split()) <= _MAX_WORDS and sentence not in refused:
            made[sentence] = None
    return list(made)


def _slot(row: dict[str, Any]) -> tuple[str, int, int]:
    return str(row["slot"]), int(row["start"]), int(row["end"])


def _values(labelled: Sequence[Labelled]) -> dict[tuple[str, str], list[str]]:
    """What each slot of each source was filled with, each value once."""
    values: dict[tuple[str, str], dict[str, None]] = {}
    for sentence in labelled:
        for name, start, end in sentence.slots:
            values.setdefault((sentence.source, name), {})[sentence.text[start:end].strip()] = None
    return {slot: list(found) for slot, found in values.items()}


def _filled(sentence: Labelled, values: dict[tuple[str, str], list[str]], draw: random.Random) -> str:
    parts, at = [], 0
    for name, start, end in sentence.slots:
        parts += [sentence.text[at:start], draw.choice(values[sentence.source, name])]
        at = end
    return " ".join([*parts, sentence.text[at:]])
