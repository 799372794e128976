"""What a run tells its owner: a progress bar, ``history.jsonl`` and ``curves.png``."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_LOG_EVERY_STEPS = 20


class History:
    """Records of one run; only the process of rank 0 shows and writes them.

    Args:
        folder: of the run.
        steps: of the whole run.
        active: whether this process shows and writes at all.
    """

    def __init__(self, folder: Path, steps: int, active: bool = True) -> None:
        self._path = folder / "history.jsonl"
        self._plot_path = folder / "curves.png"
        self._active = active
        self._sums: dict[str, float] = {}
        self._count = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            disable=not active or not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("training", total=steps, note="")

    def __enter__(self) -> "History":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, step: int) -> None:
        """Drop what was recorded after ``step``: those steps will be made again."""
        if self._active and self._path.exists():
            kept = [entry for entry in read_history(self._path) if entry["step"] <= step]
            partial = self._path.with_suffix(".partial")
            partial.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
            partial.replace(self._path)
        self._progress.update(self._task, completed=step)

    def decoded(self, utterances: int) -> None:
        """Recordings read so far."""
        self._progress.update(self._task, note=f"{utterances} recordings read")

    def step(self, step: int, **quantities: float) -> None:
        """Add a step's quantities; their means over 20 steps are written."""
        for name, value in quantities.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1
        if step % _LOG_EVERY_STEPS:
            return
        means = {name: value / self._count for name, value in self._sums.items()}
        means["speech_per_second"] = self._sums["speech_seconds"] / self._sums["seconds"]
        self._sums, self._count = {}, 0
        self._write({"step": step, **means})
        note = f"loss {means['loss']:.3f}  {means['speech_per_second']:.0f} s of speech a second"
        self._progress.update(self._task, completed=step, note=note)

    def evaluation(self, step: int, wer: Mapping[str, float]) -> None:
        """Write development word error rates and draw the curves anew."""
        self._write({"step": step, "wer": dict(wer)})
        if self._active:
            shown = "  ".join(f"{name} {100 * value:.2f} %" for name, value in wer.items())
            print(f"step {step}: word error rate {shown}", file=sys.stderr, flush=True)
            _plot(read_history(self._path), self._plot_path)

    def _write(self, entry: Mapping[str, Any]) -> None:
        if self._active:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")


def read_history(path: Path) -> list[dict[str, Any]]:
    """The records of a run, oldest first."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _plot(entries: list[dict[str, Any]], path: Path) -> None:
    import matplotlib.figure

    figure = matplotlib.figure.Figure(figsize=(9, 7), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    losses = [entry for entry in entries if "loss" in entry]
    for name in ("loss", "ctc"):
        top.plot([e["step"] for e in losses], [e[name] for e in losses], label=name)
    top.set(ylabel="nats per label", yscale="log")
    top.legend()
    evaluations = [entry for entry in entries if "wer" in entry]
    for name in sorted({name for entry in evaluations for name in entry["wer"]}):
        points = [(e["step"], 100 * e["wer"][name]) for e in evaluations if name in e["wer"]]
        bottom.plot(*zip(*points, strict=True), marker=".", label=name)
    bottom.set(xlabel="step", ylabel="word error rate, %", yscale="log")
    bottom.legend()
    partial = path.with_suffix(".partial")
    figure.savefig(partial, format="png", dpi=110)
    partial.replace(path)
