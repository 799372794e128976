"""A report as an aligned plain-text table and as a JSON object."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from stapes.evaluate.scoring import Confusion, Report, Score

_HEADER = ("", "files", "words", "WER %", "95 % interval", "sub", "del", "ins", "CER %", "files right %")


def as_table(report: Report) -> str:
    """The report as lines of aligned text: all, by set, by speaker, then the most frequent confusions."""
    rows: list[Sequence[str]] = [_HEADER, _row("all", report.total)]
    for title, groups in (("set", report.by_set), ("speaker", report.by_speaker)):
        rows += [_row(f"{title} {name}", score) for name, score in groups.items()]
    lines = align(rows)
    if report.confusions:
        words: list[Sequence[str]] = [("times", "said", "heard")]
        words += [(str(entry.count), *_named(entry)) for entry in report.confusions]
        lines += ["", *align(words, left=(1, 2))]
    return "\n".join(lines)


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain JSON types; rates are fractions, null where there is no reference word."""
    return {
        "total": _score(report.total),
        "sets": {name: _score(score) for name, score in report.by_set.items()},
        "speakers": {name: _score(score) for name, score in report.by_speaker.items()},
        "confusions": [dataclasses.asdict(entry) for entry in report.confusions],
    }


def align(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> list[str]:
    """Pad every column to its widest cell; the columns in ``left`` are flush left, the others flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _row(name: str, score: Score) -> tuple[str, ...]:
    interval = "–" if score.interval is None else f"{percent(score.interval[0])}–{percent(score.interval[1])}"
    counts = (score.substitutions, score.deletions, score.insertions)
    return (
        name,
        str(score.utterances),
        str(score.words),
        percent(score.wer),
        interval,
        *map(str, counts),
        percent(score.cer),
        percent(score.accuracy),
    )


def percent(rate: float | None) -> str:
    """A fraction in percent with one decimal, a dash for None."""
    return "–" if rate is None else f"{100 * rate:.1f}"


def _named(entry: Confusion) -> tuple[str, str]:
    return entry.said or "(nothing)", entry.heard or "(nothing)"


def _score(score: Score) -> dict[str, Any]:
    return {
        "wer": score.wer,
        "cer": score.cer,
        "accuracy": score.accuracy,
        "word_errors": score.word_errors,
        **dataclasses.asdict(score),
    }
