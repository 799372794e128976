"""Word and character error rates with their breakdown; the alignment is jiwer's."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stapes.errors import CorpusError, MissingExtraError

RESAMPLES = 1000


@dataclass(frozen=True)
class Pair:
    """What was said and what was heard in one recording, in the same spoken form, words parted by spaces."""

    id: str
    reference: str
    hypothesis: str
    speaker: str | None = None
    set: str | None = None


@dataclass(frozen=True)
class Score:
    """Errors counted over some recordings.

    Attributes:
        utterances: recordings counted.
        exact: those without any word error.
        words: words of the references.
        substitutions, deletions, insertions: word errors, by kind.
        characters, character_errors: the same over characters, spaces included.
        interval: 95 % confidence interval of the word error rate, by bootstrap over recordings (Bisani, Ney,
            "Bootstrap estimates for confidence intervals in ASR performance evaluation", ICASSP 2004); None
            for a single recording and where the references hold no word.
    """

    utterances: int
    exact: int
    words: int
    substitutions: int
    deletions: int
    insertions: int
    characters: int
    character_errors: int
    interval: tuple[float, float] | None

    @property
    def word_errors(self) -> int:
        """Substitutions, deletions and insertions together."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def wer(self) -> float | None:
        """Word errors per reference word, 0.05 for 5 %, above 1 at times; None without reference words."""
        return self.word_errors / self.words if self.words else None

    @property
    def cer(self) -> float | None:
        """Character errors per reference character; None without reference characters."""
        return self.character_errors / self.characters if self.characters else None

    @property
    def accuracy(self) -> float:
        """Share of the recordings without any word error."""
        return self.exact / self.utterances


@dataclass(frozen=True)
class Confusion:
    """One word error and its frequency; an empty ``said`` is an insertion, an empty ``heard`` a deletion."""

    said: str
    heard: str
    count: int


@dataclass(frozen=True)
class Report:
    """The scores of a manifest, of each of its sets and speakers, and its most frequent confusions."""

    total: Score
    by_set: dict[str, Score]
    by_speaker: dict[str, Score]
    confusions: tuple[Confusion, ...]


@dataclass(frozen=True)
class _Counts:
    """The errors of one recording."""

    words: int
    characters: int
    character_errors: int
    errors: tuple[tuple[str, str], ...]


def score(pairs: Sequence[Pair]) -> Score:
    """Count the errors of ``pairs``.

    Raises:
        CorpusError: ``pairs`` is empty.
        MissingExtraError: jiwer is not installed.
    """
    return _total(_count(pairs))


def evaluate(pairs: Sequence[Pair], confusions: int = 20) -> Report:
    """Score ``pairs`` as a whole, by set and by speaker, with the ``confusions`` most frequent word errors.

    Recordings without a set or a speaker are left out of that part alone.

    Raises:
        CorpusError: ``pairs`` is empty.
        MissingExtraError: jiwer is not installed.
    """
    counts = _count(pairs)
    errors = Counter(error for entry in counts for error in entry.errors)
    ranked = sorted(errors.items(), key=lambda item: (-item[1], item[0]))[:confusions]
    return Report(
        total=_total(counts),
        by_set=_grouped(pairs, counts, lambda pair: pair.set),
        by_speaker=_grouped(pairs, counts, lambda pair: pair.speaker),
        confusions=tuple(Confusion(said, heard, count) for (said, heard), count in ranked),
    )


def _grouped(
    pairs: Sequence[Pair], counts: Sequence[_Counts], key: Callable[[Pair], str | None]
) -> dict[str, Score]:
    groups: dict[str, list[_Counts]] = defaultdict(list)
    for pair, entry in zip(pairs, counts, strict=True):
        name = key(pair)
        if name is not None:
            groups[name].append(entry)
    return {name: _total(groups[name]) for name in sorted(groups)}


def _count(pairs: Sequence[Pair]) -> list[_Counts]:
    if not pairs:
        raise CorpusError("nothing to score: the list of recordings is empty; at least one is expected")
    try:
        import jiwer
    except ImportError:
        raise MissingExtraError("jiwer", "evaluate", "Scoring") from None
    references = [" ".join(pair.reference.split()) for pair in pairs]
    hypotheses = [" ".join(pair.hypothesis.split()) for pair in pairs]
    words = jiwer.process_words(references, hypotheses)
    characters = jiwer.process_characters(references, hypotheses)
    return [
        _Counts(
            words=len(words.references[index]),
            characters=len(characters.references[index]),
            character_errors=len(_errors(characters, index)),
            errors=tuple(_errors(words, index)),
        )
        for index in range(len(pairs))
    ]


def _errors(output: Any, index: int) -> list[tuple[str, str]]:
    """Each error of one aligned recording as (said, heard), either empty where it has no partner."""
    reference, hypothesis = output.references[index], output.hypotheses[index]
    errors: list[tuple[str, str]] = []
    for chunk in output.alignments[index]:
        if chunk.type == "equal":
            continue
        said = reference[chunk.ref_start_idx : chunk.ref_end_idx]
        heard = hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]
        length = max(len(said), len(heard))
        errors += zip(_padded(said, length), _padded(heard, length), strict=True)
    return errors


def _padded(tokens: Iterable[str], length: int) -> list[str]:
    tokens = list(tokens)
    return tokens + [""] * (length - len(tokens))


def _total(counts: Sequence[_Counts]) -> Score:
    errors = [error for entry in counts for error in entry.errors]
    deletions = sum(not heard for _, heard in errors)
    insertions = sum(not said for said, _ in errors)
    return Score(
        utterances=len(counts),
        exact=sum(not entry.errors for entry in counts),
        words=sum(entry.words for entry in counts),
        substitutions=len(errors) - deletions - insertions,
        deletions=deletions,
        insertions=insertions,
        characters=sum(entry.characters for entry in counts),
        character_errors=sum(entry.character_errors for entry in counts),
        interval=_interval(counts),
    )


def _interval(counts: Sequence[_Counts]) -> tuple[float, float] | None:
    words = np.array([entry.words for entry in counts])
    errors = np.array([len(entry.errors) for entry in counts])
    if len(counts) < 2 or not words.sum():
        return None
    generator = np.random.default_rng(0)
    rates = []
    for _ in range(RESAMPLES):
        drawn = generator.integers(len(counts), size=len(counts))
        rates.append(errors[drawn].sum() / max(1, words[drawn].sum()))
    low, high = np.quantile(rates, (0.025, 0.975))
    return float(low), float(high)
