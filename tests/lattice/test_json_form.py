"""JSON holds all of a lattice, exactly, and nothing else is taken for one."""

import json
import re
from typing import Any

import pytest

from stapes.errors import FormatError
from stapes.lattice import Arc, Lattice, from_json, to_json
from tests.lattice.enumeration import random_lattice

GOOD = Lattice((0, 9), (Arc(0, 1, "naïve", 1, 9, -1 / 3, 0.0),), 20)


@pytest.mark.parametrize("seed", range(30))
def test_lattices_come_back_exactly(seed: int) -> None:
    lattice = random_lattice(seed)
    assert from_json(to_json(lattice)) == lattice


def test_what_is_written() -> None:
    assert to_json(GOOD) == (
        '{"format": "stapes-lattice", "version": 1, "frame_ms": 20, "frames": [0, 9], "arcs": [{"source": 0, '
        '"target": 1, "word": "naïve", "start_frame": 1, "end_frame": 9, "acoustic": -0.3333333333333333, '
        '"context": 0.0}]}'
    )


def spoilt(*path: Any, value: Any) -> str:
    table = json.loads(to_json(GOOD))
    inner = table
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(table)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not JSON: "),
        ("[" * 100_000, "not JSON: "),
        ("1" * 5000, "not JSON: "),
        ("[]", "an object with the keys format, version, frame_ms, frames, arcs is expected"),
        ("{}", "an object with the keys format, version, frame_ms, frames, arcs is expected"),
        (" " * (2**24 + 1), "16777217 characters of JSON, accepted are at most 16777216"),
        (spoilt("format", value="x"), "format 'x', version 1, accepted is 'stapes-lattice', 1"),
        (spoilt("version", value=2), "format 'stapes-lattice', version 2, accepted is 'stapes-lattice', 1"),
        (spoilt("more", value=0), "an object with the keys"),
        (spoilt("frame_ms", value="x"), "frame_ms: int is expected, got 'x'"),
        (spoilt("frames", value=3), "frames: a list is expected"),
        (spoilt("frames", 1, value=9.5), "frames[1]: int is expected, got '9.5'"),
        (spoilt("frames", 1, value=True), "frames[1]: int is expected, got 'True'"),
        (spoilt("frames", 1, value=10**30), "node 1 is at frame 1000000000000000000000000000000, accepted"),
        (spoilt("arcs", value={}), "arcs: a list is expected"),
        (spoilt("arcs", 0, value=[]), "arcs[0]: an object with the keys source, target, word, start_frame"),
        (
            spoilt("arcs", 0, "score", value=1),
            "arcs[0]: an object with the keys source, target, word, start_frame",
        ),
        (spoilt("arcs", 0, "word", value=1), "arcs[0].word: str is expected, got '1'"),
        (spoilt("arcs", 0, "word", value="\ud800"), "arc 0: word '\\ud800' holds white space"),
        (spoilt("arcs", 0, "acoustic", value="x"), "arcs[0].acoustic: float is expected, got 'x'"),
        (
            spoilt("arcs", 0, "acoustic", value=10**400),
            "arcs[0].acoustic is 1000000000000000000000000000000000000000, ",
        ),
        (spoilt("arcs", 0, "context", value=float("nan")), "arc 0: context score is nan, accepted are"),
        (
            spoilt("arcs", 0, "target", value=7),
            "arc 0: leads from node 0 to 7, accepted is upwards within 0 to 1",
        ),
    ],
)
def test_what_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(FormatError, match=f"^lattice: {re.escape(sentence)}"):
        from_json(text)
