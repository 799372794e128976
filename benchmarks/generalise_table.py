"""The documentation's tables of the unheard: what decides, and every set in every condition."""

from collections.abc import Sequence
from typing import Any

from benchmarks.generalise import CLEAN, first_of, summary

Row = Sequence[str]
Entry = dict[str, Any]

_SETS = {
    "test-an4": "AN4 test",
    "test-keywords": "keywords",
    "test-digits": "digits",
    "test-words": "single words",
    "unheard-flite": "Flite",
    "unheard-festival": "Festival",
    "unheard-piper": "Piper",
    "unheard-flite-new": "Flite, new words",
    "unheard-festival-new": "Festival, new words",
    "unheard-piper-new": "Piper, new words",
    "dev-synthetic": "unseen voices of Kokoro",
}
_SUMMARY = {
    "score": "score: mean of the next two, WER %",
    "mean, clean": "mean over real and unheard-engine sets, clean, WER %",
    "degraded": "the same in all conditions, WER %",
    "real": "real people, clean, WER %",
    "unheard engines": "unheard engines, known words, clean, WER %",
    "new words": "unheard engines, new words, clean, WER %",
}
_RATIO = "noise 10 dB / clean"
_EMPTY: Entry = {"summary": {}, "cells": {}, "nothing": {}}


def strangers(results: Entry) -> list[Row]:
    """What decides, beside the first bundled model, and the peer's beside ours on what the peer has heard."""
    if "generalise" not in results:
        return []
    named = compared(results)
    columns = list(named.values())
    rows: list[Row] = [("", *named), ("---", *("--:" for _ in columns))]
    for name, title in _SUMMARY.items():
        rows.append((title, *(_percent(column["summary"].get(name)) for column in columns)))
    ratios = (column["summary"].get(_RATIO) for column in columns)
    rows.append(("mean with noise at 10 dB ÷ clean", *("–" if r is None else f"{r:.2f}" for r in ratios)))
    count = len(columns[0]["nothing"])
    rows.append((f"words heard in {count} recordings without any", *map(_words, columns)))
    return rows


def compared(results: Entry) -> dict[str, Entry]:
    """The result "generalise" and what stands beside it by name, empty where nothing can be compared.

    The peer's has ours on the same recordings before it where it has heard fewer.
    """
    ours = results["generalise"]["results"]
    again, theirs = _both(ours, results, "generalise-whisper")
    part = "" if again["cells"] in ({}, ours["cells"]) else f" on {_counts(again)} of each set"
    return {
        "en-assistant": ours,
        **_named("en-assistant-small", _shared(ours, results, "generalise-en-assistant-small")),
        "first en-assistant": _shared(ours, results, "generalise-first"),
        **({f"en-assistant{part}": again} if part else {}),
        f"Whisper tiny.en{part}": theirs,
    }


def _named(name: str, column: Entry) -> dict[str, Entry]:
    return {name: column} if column["cells"] else {}


def conditions(results: Entry) -> list[Row]:
    """Word error rates in percent by set and condition."""
    if "generalise" not in results:
        return []
    return _cells(results["generalise"]["results"], None)


def beside_peer(results: Entry) -> list[Row]:
    """Ours and the peer's word error rates in percent by set and condition, on the same recordings."""
    if "generalise" not in results:
        return []
    ours, theirs = _both(results["generalise"]["results"], results, "generalise-whisper")
    if not ours["cells"]:
        return []
    rows = _cells(ours, theirs)
    return [*rows, (_fewer(ours, theirs), *("" for _ in rows[0][1:]))]


def _fewer(ours: Entry, theirs: Entry) -> str:
    """In how many of the sets, clean, and of all cells there are fewer errors in ``ours`` than in ``theirs``."""
    fewer = {
        (name, condition): cell["wer"] < theirs["cells"][name][condition]["wer"]
        for name, cells in ours["cells"].items()
        for condition, cell in cells.items()
    }
    clean = [better for (_, condition), better in fewer.items() if condition == CLEAN]
    return (
        f"fewer errors than Whisper tiny.en: clean in {sum(clean)} of {len(clean)} sets, "
        f"{sum(fewer.values())} of {len(fewer)} in all"
    )


def _cells(ours: Entry, theirs: Entry | None) -> list[Row]:
    """Sets by conditions; with ``theirs`` after a stroke."""
    names = list(next(iter(ours["cells"].values())))
    rows: list[Row] = [("WER %", "recordings", *names), ("---", "--:", *("--:" for _ in names))]
    for name, cells in ours["cells"].items():
        numbers = [
            _beside(cell["wer"], theirs and theirs["cells"][name][condition])
            for condition, cell in cells.items()
        ]
        rows.append((_SETS[name], _counts({"cells": {name: cells}}), *numbers))
    return rows


def _counts(column: Entry) -> str:
    """The numbers of recordings of its sets, those of clean ones first."""
    cells = (cell for part in column["cells"].values() for cell in part.values())
    return ", ".join(dict.fromkeys(str(cell["recordings"]) for cell in cells))


def _shared(ours: Entry, results: Entry, name: str) -> Entry:
    """The result ``name`` if it is about the recordings of ``ours``, else an empty one."""
    again, theirs = _both(ours, results, name)
    return theirs if again["cells"] == ours["cells"] else _EMPTY


def _both(ours: Entry, results: Entry, name: str) -> tuple[Entry, Entry]:
    """``ours`` and the result ``name`` on the recordings that both have heard: the first ones of each set."""
    theirs = results.get(name, {}).get("results")
    if theirs is None:
        return _EMPTY, _EMPTY
    same = [
        (set_, condition)
        for set_, cells in ours["cells"].items()
        if theirs["manifests"].get(set_) == ours["manifests"][set_]
        for condition in cells
        if condition in theirs["cells"][set_]
    ]
    return _few(ours, theirs, same), _few(theirs, ours, same)


def _few(one: Entry, other: Entry, same: Sequence[tuple[str, str]]) -> Entry:
    """``one`` on the recordings that ``other`` has heard too."""
    cells: Entry = {}
    for name, condition in same:
        count = other["cells"][name][condition]["recordings"]
        cells.setdefault(name, {})[condition] = first_of(one["cells"][name][condition], count)
    return {"summary": summary(cells), "cells": cells, "nothing": one["nothing"]}


def _beside(ours: float, theirs: Entry | None) -> str:
    return f"{100 * ours:.0f}" if theirs is None else f"{100 * ours:.0f} / {100 * theirs['wer']:.0f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _words(column: Entry) -> str:
    return str(sum(column["nothing"].values())) if column["nothing"] else "–"
