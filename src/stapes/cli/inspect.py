"""``stapes inspect``: what is in a packed model."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from stapes.format import Entry, PackedModel

VALUE_CHARACTERS = 72


@click.command(name="inspect", short_help="Check a packed model and print what is in it.")
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with all metadata in full.")
def command(model: Path | None, as_json: bool) -> None:
    """Check the packed model MODEL, a file or the name of a bundled one, and print what is in it."""
    from stapes.engine import find_model
    from stapes.format import read

    path = find_model(model)
    packed = read(path)
    click.echo(json.dumps(summary(path, packed), ensure_ascii=False) if as_json else text(path, packed))


def summary(path: Path, model: "PackedModel") -> dict[str, Any]:
    """All that ``--json`` prints: file, format, sizes, checksums, tensors, totals and metadata."""
    return {
        "file": str(path),
        "format_version": model.version,
        "size_bytes": model.size_bytes,
        "sha256": model.sha256,
        "weights": _weights(model.entries),
        "stored_bytes": _stored_bytes(model.entries),
        "bits_per_weight": _bits_per_weight(model.entries),
        "tensors": [_tensor(entry) for entry in model.entries],
        "metadata": dict(model.metadata),
    }


def text(path: Path, model: "PackedModel") -> str:
    """The same as a page of plain text: the file, a table of tensors, totals by layer, the metadata."""
    head = [
        ("file", str(path)),
        ("format", f"stapes version {model.version}, every checksum verified"),
        ("size", f"{model.size_bytes:,} bytes"),
        ("SHA-256", model.sha256),
    ]
    names = ["tensor", "shape", "codec", "weights", "bits/weight", "bytes", "CRC-32"]
    tensors = [names, *map(_tensor_row, model.entries), _total_row("all tensors", model.entries)]
    layers = [["layer", "tensors", "weights", "bits/weight", "bytes"], *_layer_rows(model.entries)]
    parts = [_columns(head, ""), _columns(tensors, "lllrrrr"), _columns(layers, "lrrrr")]
    if model.metadata:
        parts.append(_columns([("metadata", ""), *_flattened(model.metadata)], ""))
    return "\n\n".join(parts)


def _weights(entries: Sequence["Entry"]) -> int:
    return sum(entry.weights for entry in entries)


def _stored_bytes(entries: Sequence["Entry"]) -> int:
    return sum(entry.size_bytes for entry in entries)


def _bits_per_weight(entries: Sequence["Entry"]) -> float:
    return 8 * _stored_bytes(entries) / max(1, _weights(entries))


def _tensor(entry: "Entry") -> dict[str, Any]:
    return {
        "name": entry.name,
        "shape": list(entry.shape),
        "codec": {"name": entry.codec.name, **entry.codec.parameters()},
        "weights": entry.weights,
        "bits_per_weight": entry.bits_per_weight,
        "stored_bytes": entry.size_bytes,
        "crc32": {section.name: f"{section.crc32:08x}" for section in entry.sections},
    }


def _tensor_row(entry: "Entry") -> list[str]:
    shape = " x ".join(map(str, entry.shape)) or "scalar"
    checksums = " ".join(f"{section.crc32:08x}" for section in entry.sections)
    return [entry.name, shape, str(entry.codec), *_sizes([entry]), checksums]


def _total_row(name: str, entries: Sequence["Entry"]) -> list[str]:
    return [name, "", "", *_sizes(entries), ""]


def _layer_rows(entries: Sequence["Entry"]) -> Iterator[list[str]]:
    """One row for all tensors whose names agree up to the last dot."""
    layers: dict[str, list[Entry]] = {}
    for entry in entries:
        layers.setdefault(entry.name.rpartition(".")[0] or entry.name, []).append(entry)
    for layer, members in layers.items():
        yield [layer, str(len(members)), *_sizes(members)]


def _sizes(entries: Sequence["Entry"]) -> list[str]:
    return [f"{_weights(entries):,}", f"{_bits_per_weight(entries):.2f}", f"{_stored_bytes(entries):,}"]


def _flattened(metadata: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Dotted path and value of each leaf, in the order of the file; a long list becomes its length."""
    if isinstance(metadata, dict) and metadata:
        for key, value in metadata.items():
            yield from _flattened(value, f"{path}.{key}" if path else key)
        return
    value = metadata if isinstance(metadata, str) else json.dumps(metadata, ensure_ascii=False)
    if isinstance(metadata, list) and len(value) > VALUE_CHARACTERS:
        value = f"{len(metadata)} items"
    yield _printable(path), _printable(value)


def _printable(value: str) -> str:
    """Control characters are escaped, so that a file cannot drive the terminal."""
    return value if value.isprintable() else repr(value)


def _columns(rows: Sequence[Sequence[str]], sides: str) -> str:
    """Rows as columns two spaces apart; ``sides`` holds l or r for each column, left where it is short."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = (
        [
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides.ljust(len(widths), "l"), strict=True)
        ]
        for row in rows
    )
    return "\n".join("  ".join(cells).rstrip() for cells in aligned)
