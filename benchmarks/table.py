"""Writes the tables of the documentation from ``benchmarks/results``."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks import context_table, generalise_table
from benchmarks.record import RESULTS, ROOT, model_facts
from stapes.engine import bundled_model, bundled_models

PAGES = (ROOT / "README.md", ROOT / "docs" / "models" / "en-assistant.md")
_MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Results = dict[str, dict[str, Any]]
Row = Sequence[str]

_SETS = {
    "test-an4": ("AN4 test: 10 unseen people, WER %", "wer"),
    "dev-synthetic": ("unseen synthetic voices, open vocabulary, WER %", "wer"),
    "dev-prompts": ("telephone prompts of a stranger, open vocabulary, WER %", "wer"),
    "test-learners": ("learners of English, unseen people, open vocabulary, WER %", "wer"),
    "test-keywords": ("keywords, unseen people, right %", "accuracy"),
    "test-digits": ("digits, unseen people, right %", "accuracy"),
    "test-words": ("single words, unseen people, right %", "accuracy"),
    "test-commands": ("single words of Speech Commands, unseen people, right %", "accuracy"),
}


@click.command("table")
@click.option("--check", is_flag=True, help="Change nothing; fail where a page or a result is stale.")
def main(check: bool) -> None:
    """Write the tables between the markers of README.md and of the model card."""
    results = load(RESULTS)
    stale = [
        path for path in PAGES if fill(path.read_text(encoding="utf-8"), results) != path.read_text("utf-8")
    ]
    if not check:
        for path in stale:
            path.write_text(fill(path.read_text(encoding="utf-8"), results), encoding="utf-8")
        return
    complaints = [f"{path.name}: its tables are stale; run python -m benchmarks.table" for path in stale]
    if results:
        sums = {name: model_facts(bundled_model(name))["sha256"] for name in bundled_models()}
        complaints += foreign(results, sums)
    if complaints:
        raise click.ClickException("; ".join(complaints))


def load(folder: Path) -> Results:
    """Every result in ``folder`` by the name of its benchmark."""
    entries = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return {entry["benchmark"]: entry for entry in entries}


def fill(page: str, results: Results) -> str:
    """``page`` with every table between its markers made anew."""

    def table(match: re.Match[str]) -> str:
        rows = _TABLES[match[2]](results)
        return match[1] + "".join(f"| {' | '.join(row)} |\n" for row in rows) + match[3]

    return _MARKED.sub(table, page)


def foreign(results: Results, sums: Mapping[str, str]) -> list[str]:
    """A sentence for each result of another model than the bundled one of its name, whose SHA-256 is in ``sums``."""
    return [
        f"results/{name}.json belongs to another model than the bundled one; measure again"
        for name, entry in results.items()
        if entry["model"] and entry["model"]["sha256"] != sums.get(entry["model"]["name"])
    ]


def accuracy(results: Results) -> list[Row]:
    """Error rates of the bundled model beside Whisper's, with their 95 % intervals."""
    if "wer" not in results:
        return []
    ours = results["wer"]["results"]
    columns = {"en-assistant": (ours, results["wer"]["model"]["bytes"])}
    if small := results.get("wer-en-assistant-small"):
        columns["en-assistant-small"] = _on_the_same(ours, small["results"]), small["model"]["bytes"]
    theirs = _on_the_same(ours, results.get("wer-whisper", {}).get("results"))
    columns["Whisper tiny.en"] = theirs, theirs and theirs["model_bytes"]
    rows: list[Row] = [("", "recordings", *columns), ("---", "--:", *("--:" for _ in columns))]
    for name, (title, measure) in _SETS.items():
        if name in ours["sets"]:
            count = f"{ours['sets'][name]['recordings']}"
            rows.append((title, count, *(_rate(scores, name, measure) for scores, _ in columns.values())))
    factors = (_number(scores) for scores, _ in columns.values())
    rows.append(("real-time factor on these files, one core", "", *factors))
    sizes = ("–" if size is None else f"{size / 1e6:.1f}" for _, size in columns.values())
    rows.append(("size of the model, MB", "", *sizes))
    return rows


def footprint(results: Results) -> list[Row]:
    """What it costs, and what it promises."""
    rows = [
        row for name, part in _FOOTPRINT.items() if name in results for row in part(results[name]["results"])
    ]
    return [("measured", ""), ("---", "--:"), *rows] if rows else []


def context(results: Results) -> list[Row]:
    """Lattices, context and end-pointers."""
    rows = [
        row
        for name, part in context_table.PARTS.items()
        if name in results
        for row in part(results[name]["results"])
    ]
    return [("measured", ""), ("---", "--:"), *rows] if rows else []


def provenance(results: Results) -> list[Row]:
    """Command, commit, machine and date of each result."""
    rows = [
        (
            f"`{entry['command']}`",
            f"`{entry['commit'][:10]}`" + (" and changes" if entry["dirty"] else ""),
            _machine(entry["machine"]),
            entry["date"],
        )
        for entry in results.values()
    ]
    return [("command", "commit", "machine", "date"), ("---", "---", "---", "---"), *rows] if rows else []


def errors(results: Results) -> list[Row]:
    """The bundled model's errors by kind."""
    if "wer" not in results:
        return []
    rows: list[Row] = [
        ("set", "recordings", "hours", "words", "WER %", "CER %", "sub", "del", "ins", "right %"),
        ("---",) + ("--:",) * 9,
    ]
    for name, entry in results["wer"]["results"]["sets"].items():
        counts = [str(entry[kind]) for kind in ("substitutions", "deletions", "insertions")]
        rows.append(
            (
                name,
                str(entry["recordings"]),
                f"{entry['hours']:.2f}",
                str(entry["words"]),
                f"{100 * entry['wer']:.1f}",
                f"{100 * entry['cer']:.1f}",
                *counts,
                f"{100 * entry['accuracy']:.1f}",
            )
        )
    return rows


def _machine(facts: dict[str, Any]) -> str:
    return f"{facts['cpu']}, {facts['cores']} cores, Python {facts['python']}, NumPy {facts['numpy']}"


def _on_the_same(ours: dict[str, Any], theirs: dict[str, Any] | None) -> dict[str, Any] | None:
    """``theirs`` without the sets of which other recordings were heard."""
    if theirs is None:
        return None
    same = {
        name: entry
        for name, entry in theirs["sets"].items()
        if name in ours["sets"] and entry["manifest"] == ours["sets"][name]["manifest"]
    }
    return {**theirs, "sets": same}


def _rate(scores: dict[str, Any] | None, name: str, measure: str) -> str:
    entry = scores and scores["sets"].get(name)
    if not entry:
        return "–"
    if measure == "accuracy":
        return f"{100 * entry['accuracy']:.1f}"
    low, high = entry["interval"]
    return f"{100 * entry['wer']:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _number(scores: dict[str, Any] | None) -> str:
    return f"{scores['real_time_factor']:.3f}" if scores else "–"


def _speed(facts: dict[str, Any]) -> list[Row]:
    factors = facts["real_time_factor"].items()
    rows: list[Row] = [
        (f"real-time factor on one core, network {name}", f"{factor['median']:.4f}")
        for name, factor in factors
    ]
    first = facts["first_result_seconds"]["median"]
    return [*rows, ("process start to the words of a 3 s file", f"{first:.2f} s")]


def _native(facts: dict[str, Any]) -> list[Row]:
    factors, partials = facts["real_time_factor"], facts["partial_ms"]
    alone, together = (
        facts["streams_on_one_core"][f"beam 8, 80 ms, {how}"]["streams"]["median"]
        for how in ("each alone", "16 together")
    )
    peak = max(facts["peak_kib_of_one_stream"].values()) * 1024 / 1e6
    rows: list[Row] = [
        (
            "C interface: model opened and ready, computing",
            f"{facts['load']['milliseconds']['median']:.0f} ms",
        ),
        ("C interface: most memory with one stream, model and program included", f"{peak:.1f} MB"),
        ("C interface: computing for 200 ms of sound, beam 8", f"{partials['beam 8']['median']:.1f} ms"),
        (
            "C interface: streams in real time on one core, beam 8",
            f"{alone:.0f}; 16 in one call {together:.0f}",
        ),
    ]
    named = [
        (f"C interface: real-time factor on one core, {name}", f"{factor['median']:.4f}")
        for name, factor in factors.items()
    ]
    return [*rows, *named]


def _yardstick(facts: dict[str, Any]) -> list[Row]:
    """The C interface beside sherpa-onnx, which hears the same network in int8."""
    faster = facts["times_faster"]

    def row(calls: str) -> Row:
        found = [
            f"{faster[f'stapes, C, {search} against sherpa-onnx, calls of {calls}, {search}']:.1f} ×"
            for search in ("greedy", "beam 8")
        ]
        return f"C interface: speed ÷ that of sherpa-onnx in calls of {calls}, greedy, beam 8", ", ".join(
            found
        )

    return [row("40 ms"), row("320 ms")]


def _integer(facts: dict[str, Any]) -> list[Row]:
    """Packed models beside the network as it was trained, where that was heard."""
    first, *others = facts["rows"]
    if first["model"] != "as trained":
        return []
    heard = sum(first["recordings"].values())
    rows: list[Row] = []
    for row in others:
        low, high = row["all"]["interval"]
        rows.append(
            (
                f"word errors of {row['model']}, packed and in integers, ÷ those of its weights as trained, "
                f"{heard} recordings",
                f"{row['all']['errors_to_first']:.3f} ({low:.2f}–{high:.2f})",
            )
        )
    return rows


def _fuzz(facts: dict[str, Any]) -> list[Row]:
    """Damaged models, and what became of them."""
    native, python = [facts[name] for name in ("format_fuzz", "tensor_fuzz") if facts[name]], facts["python"]
    rows: list[Row] = []
    if native:
        seconds, inputs, findings = (
            sum(each[name] for each in native) for name in ("processor_seconds", "inputs", "findings")
        )
        title = (
            f"findings in {seconds / 60:.0f} processor minutes of fuzzing the native reader, "
            f"{inputs / 1e6:.1f} M inputs"
        )
        rows.append((title, str(findings)))
    if python:
        title = "mutated files that the reader in Python has read or refused in a sentence, without a finding"
        rows.append((title, f"{python['files']:,}"))
    return rows


def _install(facts: dict[str, Any]) -> list[Row]:
    rows: list[Row] = [("`pip install .` adds to an empty environment", f"{facts['added_mb']:.0f} MB")]
    if "wheel_mb" in facts:
        sizes = facts["wheel_mb"]
        rows.append(
            ("wheel, and without its model", f"{sizes['wheel']:.1f} MB, {sizes['without_models']:.1f} MB")
        )
    return rows


def _training(facts: dict[str, Any]) -> list[Row]:
    title = f"training {facts['parameters'] / 1e6:.1f} M parameters on one core, augmentation included"
    return [(title, f"{facts['speech_per_second']:.0f} s of speech a second")]


def _silence(facts: dict[str, Any]) -> list[Row]:
    return [
        (f"words heard in {len(facts['words'])} × 30 s of silence, white noise and hum", str(facts["total"]))
    ]


def _chunks(facts: dict[str, Any]) -> list[Row]:
    sizes = ", ".join(facts["different"])
    return [
        (f"same result in chunks of {sizes} samples and as a whole", "yes" if facts["identical"] else "no")
    ]


def _last_word(facts: dict[str, Any]) -> list[Row]:
    kept = f"{facts['same_as_uncut']} of {facts['recordings']}"
    return [("last word unchanged when AN4 test is cut at the last sample of speech", kept)]


_FOOTPRINT: dict[str, Callable[[dict[str, Any]], list[Row]]] = {
    "speed": _speed,
    "native": _native,
    "yardstick": _yardstick,
    "integer": _integer,
    "fuzz": _fuzz,
    "install_size": _install,
    "train_speed": _training,
    "silence": _silence,
    "chunks": _chunks,
    "last_word": _last_word,
}
_TABLES: dict[str, Callable[[Results], list[Row]]] = {
    table.__name__: table
    for table in (
        *(accuracy, footprint, context, provenance, errors),
        *(generalise_table.strangers, generalise_table.conditions, generalise_table.beside_peer),
    )
}


if __name__ == "__main__":
    main()
