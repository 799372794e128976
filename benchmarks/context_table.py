"""Rows of the documentation's table of lattices, context and end-pointers."""

from collections.abc import Callable
from typing import Any

Row = tuple[str, str]
Facts = dict[str, Any]

_SETS = {"dev-synthetic": "held-out voices", "test-an4": "AN4 test"}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _change(share: float) -> str:
    return f"{100 * share:+.1f} %"


def _lattices(facts: Facts) -> list[Row]:
    rows: list[Row] = []
    for name, title in _SETS.items():
        found = facts["sets"][name]
        rows += [
            (
                f"errors of the path in the lattice closest to what was said ÷ of the transcript, {title}",
                f"{found['oracle_ratio']:.2f}",
            ),
            (f"16-bit sound ÷ lattice on the wire, bytes, {title}", f"{found['audio_to_wire']:.0f}"),
            (f"calibration error of the confidence of words, {title}", f"{found['error']:.3f}"),
        ]
    return rows


def _names(facts: Facts) -> list[Row]:
    said, unsaid, cost = facts["said"]["change"], facts["unsaid"], facts["cost"]
    errors = facts["classes"]["errors"]
    rows = [
        ("errors in names nobody trained on, with a list of 100 that holds them", _change(said["names_wer"])),
        ("errors in the other words of these sentences", _change(said["others_wer"])),
    ]
    for count, harm in unsaid.items():
        rows.append(
            (f"word errors of ordinary sentences with {int(count):,} unsaid names", _change(harm["change"]))
        )
        rows.append((f"sentences with a false name of {int(count):,}", _one_in(harm)))
    return [
        *rows,
        ("10,000 phrases: to compile", f"{cost['compile_seconds']['median']:.2f} s"),
        ("10,000 phrases: cost of recognition", _change(cost["change_of_recognition"])),
        (
            "word errors in names: classes, list of all their expansions, neither",
            ", ".join(_percent(errors[kind]["names_wer"]) for kind in ("classes", "flat", "without")),
        ),
    ]


def _one_in(harm: Facts) -> str:
    times = harm["false_inserts"]
    return f"1 in {harm['recordings'] / times:.0f}" if times else f"none in {harm['recordings']}"


def _grammar(facts: Facts) -> list[Row]:
    gate = facts["at_gate"]
    refused = ", ".join(f"{name} {_percent(share)}" for name, share in gate["false_accepts"].items())
    return [
        (
            "sentences of a grammar understood rightly, wrongly, not",
            ", ".join(_percent(gate[kind]) for kind in ("right", "misunderstood", "false_rejects")),
        ),
        (f"others taken for one ({refused.count(',') + 1} sets)", refused),
    ]


def _endpoints(facts: Facts) -> list[Row]:
    rows: list[Row] = []
    for name, point in facts["points"].items():
        found = point["scores"]["pooled"]
        rows.append(
            (
                f"end-pointer, {name}: cut off early, median and 90th percentile of the delay",
                f"{_percent(found['early'])}, {found['median_ms']:.0f} ms, {found['p90_ms']:.0f} ms",
            )
        )
        rows.append(
            (
                f"end-pointer, {name}: speculation earlier by, confirmed without reset",
                f"{found['lead_ms']:.0f} ms, {_percent(found['confirmed'])}",
            )
        )
    normal = facts["points"]["normal"]
    rows += [
        (f"{title}: the same on the same streams", _timer(facts[key]))
        for key, title in (
            ("home assistant", "silence timer of 0.7 s (Home Assistant)"),
            ("sherpa-onnx", "1.2 s without a label (sherpa-onnx)"),
        )
    ]
    rows += [
        (
            f"second clause kept after a pause of 900 ms, {name}",
            _percent(facts["points"][name]["kept after 900 ms"]),
        )
        for name in ("normal", "patient")
    ]
    ratio = normal["wer"]["dev-synthetic"]["ratio"]
    rows.append(("word errors with end-pointing ÷ without, normal, held-out voices", f"{ratio:.3f}"))
    return rows


def _timer(found: Facts) -> str:
    return f"{_percent(found['early'])}, {found['median_ms']:.0f} ms, {found['p90_ms']:.0f} ms"


def _sessions(facts: Facts) -> list[Row]:
    different = facts["different"] + facts["different_together"]
    return [
        (
            f"{facts['sessions']:,} sessions in turn and {facts['together']} at once: other results than alone",
            str(different),
        ),
        (f"growth of memory over {facts['sessions']:,} sessions", f"{facts['growth_bytes'] / 1e6:.1f} MB"),
        (
            "memory of an idle and an active session",
            f"{facts['idle_session_bytes'] / 1e3:.0f} kB, {facts['active_session_bytes'] / 1e3:.0f} kB",
        ),
    ]


PARTS: dict[str, Callable[[Facts], list[Row]]] = {
    "lattices": _lattices,
    "names": _names,
    "grammar": _grammar,
    "endpoints": _endpoints,
    "sessions": _sessions,
}
