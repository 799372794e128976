"""What compression did: bytes and errors of every tensor, as a table and as JSON."""

import dataclasses
import math
from typing import Any


@dataclasses.dataclass(frozen=True)
class TensorReport:
    """One matrix of a packed model.

    Args:
        name: of the tensor.
        shape: of the tensor.
        codec: with its parameters.
        kept: share of the weights that were not pruned.
        size_bytes: of all its sections.
        error: squared error of its weights as a share of their squares.
        divergence: Kullback–Leibler divergence of the network's output from the exact one, in nats a frame, that this
            matrix alone causes.
    """

    name: str
    shape: tuple[int, ...]
    codec: str
    kept: float
    size_bytes: int
    error: float
    divergence: float

    @property
    def bits_per_weight(self) -> float:
        """Stored bits a weight, scales and code book included."""
        return 8 * self.size_bytes / math.prod(self.shape)


@dataclasses.dataclass(frozen=True)
class Report:
    """A packed model after compression.

    Args:
        tensors: its matrices.
        size_bytes: of the file.
        divergence: of all matrices together.
        wer_before: word error rate of a greedy search with exact weights, if it was measured.
        wer_after: the same with the weights of the packed model.
    """

    tensors: tuple[TensorReport, ...]
    size_bytes: int
    divergence: float
    wer_before: float | None
    wer_after: float | None

    def as_json(self) -> dict[str, Any]:
        """The fields, with the bits of each weight."""
        tensors = [
            {**dataclasses.asdict(each), "bits_per_weight": each.bits_per_weight} for each in self.tensors
        ]
        return {**dataclasses.asdict(self), "tensors": tensors}

    def as_table(self) -> str:
        """One line for each matrix, then the whole."""
        head = ("tensor", "codec", "bits/weight", "bytes", "error", "divergence")
        rows = [head, *map(_row, self.tensors), self._rest(), self._whole()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if place < 2 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        if self.wer_before is not None and self.wer_after is not None:
            lines.append(
                f"\nword error rate, greedy: {self.wer_before:.2%} before, {self.wer_after:.2%} after"
            )
        return "\n".join(lines)

    def _rest(self) -> tuple[str, ...]:
        rest = self.size_bytes - sum(each.size_bytes for each in self.tensors)
        return ("all else", "", "", f"{rest:,}", "", "")

    def _whole(self) -> tuple[str, ...]:
        return ("file", "", "", f"{self.size_bytes:,}", "", f"{self.divergence:.6f}")


def _row(tensor: TensorReport) -> tuple[str, ...]:
    pruned = "" if tensor.kept == 1 else f" kept={tensor.kept:g}"
    error = 10 * math.log10(max(tensor.error, 1e-12))
    return (
        tensor.name,
        tensor.codec + pruned,
        f"{tensor.bits_per_weight:.2f}",
        f"{tensor.size_bytes:,}",
        f"{error:.1f} dB",
        f"{tensor.divergence:.6f}",
    )
