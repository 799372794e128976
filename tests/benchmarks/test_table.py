"""Tables from results."""

from typing import Any

from benchmarks.table import fill, foreign

PAGE = "before\n<!-- table: footprint -->\n| old |\n<!-- end -->\nafter\n"


def entry(name: str, results: dict[str, Any], sha256: str | None = None) -> dict[str, Any]:
    model = None if sha256 is None else {"name": "m", "bytes": 5_250_000, "sha256": sha256}
    return {"benchmark": name, "results": results, "model": model}


def scored(wer: float, manifest: str = "same") -> dict[str, Any]:
    fields = {"wer": wer, "interval": [wer - 0.01, wer + 0.01], "accuracy": 0.5, "recordings": 130}
    return {
        "real_time_factor": 0.125,
        "model_bytes": 78_000_000,
        "sets": {"test-an4": {**fields, "manifest": manifest}},
    }


def test_a_table_replaces_what_stands_between_its_markers() -> None:
    page = fill(PAGE, {"install_size": entry("install_size", {"added_mb": 79.6})})
    assert page == (
        "before\n<!-- table: footprint -->\n| measured |  |\n| --- | --: |\n"
        "| `pip install .` adds to an empty environment | 80 MB |\n<!-- end -->\nafter\n"
    )
    assert fill(page, {"install_size": entry("install_size", {"added_mb": 79.6})}) == page


def test_without_results_a_table_is_empty() -> None:
    assert fill(PAGE, {}) == "before\n<!-- table: footprint -->\n<!-- end -->\nafter\n"


def test_the_peer_stands_beside_the_model() -> None:
    results = {"wer": entry("wer", scored(0.05), "x"), "wer-whisper": entry("wer-whisper", scored(0.08))}
    page = fill("<!-- table: accuracy -->\n<!-- end -->", results)
    assert "| 130 | 5.0 (4.0–6.0) | 8.0 (7.0–9.0) |" in page
    assert "| size of the model, MB |  | 5.2 | 78.0 |" in page
    assert "| real-time factor on these files, one core |  | 0.125 | 0.125 |" in page


def test_the_small_model_stands_beside_the_large_one() -> None:
    results = {
        "wer": entry("wer", scored(0.05), "x"),
        "wer-en-assistant-small": entry("wer-en-assistant-small", scored(0.2), "y"),
    }
    page = fill("<!-- table: accuracy -->\n<!-- end -->", results)
    assert "|  | recordings | en-assistant | en-assistant-small | Whisper tiny.en |" in page
    assert "| 130 | 5.0 (4.0–6.0) | 20.0 (19.0–21.0) | – |" in page
    assert "| size of the model, MB |  | 5.2 | 5.2 | – |" in page


def test_a_peer_that_heard_other_recordings_is_not_compared() -> None:
    results = {
        "wer": entry("wer", scored(0.05), "x"),
        "wer-whisper": entry("wer-whisper", scored(0.08, "other")),
    }
    assert "| 130 | 5.0 (4.0–6.0) | – |" in fill("<!-- table: accuracy -->\n<!-- end -->", results)


def test_results_of_another_model_are_named() -> None:
    results = {
        "speed": entry("speed", {}, "old"),
        "silence": entry("silence", {}, "new"),
        "size": entry("size", {}),
    }
    assert foreign(results, {"m": "new", "other": "old"}) == [
        "results/speed.json belongs to another model than the bundled one; measure again"
    ]


def test_what_the_c_interface_costs() -> None:
    streams = {
        f"beam 8, 80 ms, {how}": {"streams": {"median": count}}
        for how, count in (("each alone", 344.4), ("16 together", 440.3))
    }
    facts = {
        "load": {"milliseconds": {"median": 18.6}},
        "real_time_factor": {"beam 1": {"median": 0.00228}},
        "partial_ms": {"beam 8": {"median": 0.501}},
        "streams_on_one_core": streams,
        "peak_kib_of_one_stream": {"beam 1": 9000, "beam 8": 10000},
    }
    page = fill(PAGE, {"native": entry("native", facts)})
    assert "| C interface: model opened and ready, computing | 19 ms |" in page
    assert "| C interface: most memory with one stream, model and program included | 10.2 MB |" in page
    assert "| C interface: computing for 200 ms of sound, beam 8 | 0.5 ms |" in page
    assert "| C interface: streams in real time on one core, beam 8 | 344; 16 in one call 440 |" in page
    assert "| C interface: real-time factor on one core, beam 1 | 0.0023 |" in page


def test_the_yardstick_and_the_wheel_have_rows() -> None:
    times = {
        f"stapes, C, {search} against sherpa-onnx, calls of {calls}, {search}": value
        for calls, pair in {"40 ms": (3.47, 3.63), "320 ms": (2.09, 2.4)}.items()
        for search, value in zip(("greedy", "beam 8"), pair, strict=True)
    }
    wheel = {"added_mb": 86.0, "wheel_mb": {"wheel": 4.52, "models": 3.81, "without_models": 0.71}}
    page = fill(
        PAGE,
        {
            "yardstick": entry("yardstick", {"times_faster": times}),
            "install_size": entry("install_size", wheel),
        },
    )
    assert (
        "| C interface: speed ÷ that of sherpa-onnx in calls of 40 ms, greedy, beam 8 | 3.5 ×, 3.6 × |\n"
        in page
    )
    assert (
        "| C interface: speed ÷ that of sherpa-onnx in calls of 320 ms, greedy, beam 8 | 2.1 ×, 2.4 × |\n"
        in page
    )
    assert "| wheel, and without its model | 4.5 MB, 0.7 MB |\n" in page


def heard(model: str, errors_to_first: float) -> dict[str, Any]:
    compared = {"errors_to_first": errors_to_first, "interval": [0.98, 1.05]}
    return {"model": model, "recordings": {"a": 100, "b": 50}, "all": compared}


def test_packing_is_compared_with_the_weights_as_trained() -> None:
    facts = {"rows": [heard("as trained", 1.0), heard("m", 1.016)]}
    page = fill(PAGE, {"integer": entry("integer", facts)})
    assert (
        "| word errors of m, packed and in integers, ÷ those of its weights as trained, 150 recordings "
        "| 1.016 (0.98–1.05) |\n"
    ) in page
    assert "as trained" not in fill(PAGE, {"integer": entry("integer", {"rows": [heard("m", 1.0)] * 2})})


def test_what_fuzzing_has_found_has_rows() -> None:
    files = {"processor_seconds": 1830.0, "inputs": 4_250_000, "findings": 0}
    tensors = {"processor_seconds": 1810.0, "inputs": 2_000_000, "findings": 0}
    python = {"files": 1_000_000, "read": 20_000, "refused": 980_000}
    facts = {"format_fuzz": files, "tensor_fuzz": tensors, "python": python}
    page = fill(PAGE, {"fuzz": entry("fuzz", facts)})
    assert "| findings in 61 processor minutes of fuzzing the native reader, 6.2 M inputs | 0 |\n" in page
    assert "in a sentence, without a finding | 1,000,000 |\n" in page
