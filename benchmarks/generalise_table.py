"""The documentation's tables of the unheard: what decides, and every set in every condition."""

from collections.abc import Sequence
from typing import Any

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


def strangers(results: Entry) -> list[Row]:
    """What decides, beside the first bundled model and the peer."""
    if "generalise" not in results:
        return []
    ours = results["generalise"]["results"]
    columns = [
        ours,
        *(_comparable(ours, results, name) for name in ("generalise-first", "generalise-whisper")),
    ]
    rows: list[Row] = [
        ("", "en-assistant", "first en-assistant", "Whisper tiny.en"),
        ("---", "--:", "--:", "--:"),
    ]
    for name, title in _SUMMARY.items():
        rows.append((title, *(_percent(column["summary"].get(name)) for column in columns)))
    ratios = (column["summary"].get(_RATIO) for column in columns)
    rows.append(("mean with noise at 10 dB ÷ clean", *("–" if r is None else f"{r:.2f}" for r in ratios)))
    rows.append((f"words heard in {len(ours['nothing'])} recordings without any", *map(_words, columns)))
    return rows


def conditions(results: Entry) -> list[Row]:
    """Word error rates in percent by set and condition, with the peer's after a stroke where it heard the same."""
    if "generalise" not in results:
        return []
    ours = results["generalise"]["results"]
    theirs = _comparable(ours, results, "generalise-whisper")["cells"]
    names = list(next(iter(ours["cells"].values())))
    rows: list[Row] = [("WER %", "recordings", *names), ("---", "--:", *("--:" for _ in names))]
    for name, cells in ours["cells"].items():
        peer = theirs.get(name, {})
        numbers = [_beside(cell["wer"], peer.get(condition)) for condition, cell in cells.items()]
        counts = dict.fromkeys(str(cell["recordings"]) for cell in cells.values())
        rows.append((_SETS[name], ", ".join(counts), *numbers))
    return rows


def _comparable(ours: Entry, results: Entry, name: str) -> Entry:
    """The result ``name`` as far as it is about the recordings of ``ours``."""
    theirs = results.get(name, {}).get("results")
    if theirs is None:
        return {"summary": {}, "cells": {}, "nothing": {}}
    same = {key for key, sum_ in theirs["manifests"].items() if ours["manifests"].get(key) == sum_}
    cells = {key: cell for key, cell in theirs["cells"].items() if key in same}
    return {**theirs, "cells": cells, "summary": theirs["summary"] if same == set(theirs["cells"]) else {}}


def _beside(ours: float, theirs: Entry | None) -> str:
    return f"{100 * ours:.0f}" if theirs is None else f"{100 * ours:.0f} / {100 * theirs['wer']:.0f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _words(column: Entry) -> str:
    return str(sum(column["nothing"].values())) if column["nothing"] else "–"
