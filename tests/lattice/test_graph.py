"""What makes a lattice, and what does not."""

import dataclasses
import math
import re

import pytest

from stapes.errors import ConfigError
from stapes.lattice import Arc, Lattice, assemble
from tests.lattice.enumeration import random_lattice

ARC = Arc(0, 1, "yes", 2, 5, -1.0, -0.5)


def refused(
    sentence: str, frames: tuple[int, ...] = (0, 10), arcs: tuple[Arc, ...] = (ARC,), ms: int = 40
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        Lattice(frames, arcs, ms)


def test_arcs_are_sorted_and_known_by_their_source() -> None:
    first, second, third = Arc(0, 1, "a", 0, 4, -1.0), Arc(0, 2, "a", 0, 8, -1.0), Arc(1, 2, "a", 4, 8, -1.0)
    lattice = Lattice((0, 4, 8), (third, second, first))
    assert lattice.arcs == (first, second, third)
    assert lattice == Lattice((0, 4, 8), (second, first, third))
    assert lattice.leaving == (range(2), range(2, 3), range(3, 3))


def test_the_score_of_an_arc_is_the_sum_of_both() -> None:
    assert ARC.score == -1.5


def test_one_node_is_the_empty_utterance() -> None:
    assert Lattice((7,), ()).end == 0


@pytest.mark.parametrize(("frame_ms", "ok"), [(0, False), (1, True), (1000, True), (1001, False)])
def test_duration_of_a_frame(frame_ms: int, ok: bool) -> None:
    if ok:
        assert Lattice((0, 10), (ARC,), frame_ms).frame_ms == frame_ms
    else:
        refused(f"lattice: frame_ms is {frame_ms}, accepted are 1 to 1000", ms=frame_ms)


def test_nodes_that_are_refused() -> None:
    refused("lattice: 0 nodes, accepted are 1 to 65536", (), ())
    refused("lattice: 65537 nodes, accepted are 1 to 65536", (0,) * 65537, ())
    refused("lattice: node 1 is at frame 16777216, accepted are 0 to 16777215", (0, 2**24))
    refused("lattice: node 0 is at frame -1, accepted are 0 to 16777215", (-1, 3))
    refused("lattice: node 1 is at frame 3, before the node in front of it at 4", (4, 3))


def test_arcs_that_are_refused() -> None:
    refused("lattice: 65537 arcs, accepted are at most 65536", arcs=(ARC,) * 65537)
    for source, target in ((1, 1), (1, 0), (-1, 1), (0, 2)):
        refused(
            f"lattice: arc 0: leads from node {source} to {target}, accepted is upwards within 0 to 1",
            arcs=(dataclasses.replace(ARC, source=source, target=target),),
        )
    for start, end in ((0, 5), (3, 11), (5, 4)):
        refused(
            f"lattice: arc 0: lasts from frame {start} to {end}, accepted is within 1 to 10",
            (1, 10),
            (dataclasses.replace(ARC, start_frame=start, end_frame=end),),
        )
    for score in (math.nan, math.inf, -math.inf, 2.0**20 + 1, -(2.0**20) - 1):
        for name in ("acoustic", "context"):
            refused(
                f"lattice: arc 1: {name} score is {score}, accepted are -1048576 to 1048576",
                arcs=(ARC, dataclasses.replace(ARC, **{name: score})),
            )


@pytest.mark.parametrize("word", ["a b", " ", "a\n", "\x00", "\x7f", "\ud800", "\uffff", "\u3000"])
def test_words_that_are_refused(word: str) -> None:
    refused(
        f"lattice: arc 0: word {word!r} holds white space, a control character or no character at all",
        arcs=(dataclasses.replace(ARC, word=word),),
    )


def test_words_have_at_most_255_bytes() -> None:
    Lattice((0, 10), (dataclasses.replace(ARC, word="é" * 127 + "e"),))
    refused(
        "lattice: arc 0: word of 256 bytes, accepted are at most 255",
        arcs=(dataclasses.replace(ARC, word="é" * 128),),
    )


def test_dead_ends_are_refused() -> None:
    refused(
        "lattice: no arc enters node 1, and only node 0 is the start", (0, 1, 2), (Arc(0, 2, "a", 0, 2, 0.0),)
    )
    refused("lattice: no arc leaves node 0, and only node 1 is the end", (0, 1), ())
    stub = (Arc(0, 1, "a", 0, 1, 0.0), Arc(0, 2, "a", 0, 1, 0.0))
    refused("lattice: no arc leaves node 1, and only node 2 is the end", (0, 1, 2), stub)


def test_assemble_numbers_nodes_and_leaves_out_dead_ends() -> None:
    frames = [8, 9, 0, 4, 4]
    arcs = [Arc(2, 4, "a", 0, 4, -1.0), Arc(2, 3, "b", 0, 4, -2.0), Arc(4, 0, "c", 4, 8, -3.0)]
    arcs += [Arc(3, 0, "d", 4, 8, -4.0), Arc(2, 1, "dead", 0, 9, 0.0), Arc(1, 1, "", 9, 9, 0.0)]
    lattice = assemble(frames, arcs, start=2, end=0, frame_ms=10)
    assert (lattice.frames, lattice.frame_ms) == ((0, 4, 4, 8), 10)
    assert [(arc.source, arc.target, arc.word) for arc in lattice.arcs] == [
        (0, 1, "b"),
        (0, 2, "a"),
        (1, 3, "d"),
        (2, 3, "c"),
    ]


def test_assemble_of_a_lattice_is_the_lattice() -> None:
    for seed in range(50):
        lattice = random_lattice(seed)
        assert assemble(lattice.frames, lattice.arcs, 0, lattice.end) == lattice


def test_graphs_that_cannot_be_assembled() -> None:
    loop = [
        Arc(0, 1, "a", 0, 0, 0.0),
        Arc(1, 2, "b", 0, 0, 0.0),
        Arc(2, 1, "c", 0, 0, 0.0),
        Arc(2, 3, "d", 0, 0, 0.0),
    ]
    with pytest.raises(ConfigError, match=r"^lattice: the arcs form a cycle through 3 nodes$"):
        assemble([0] * 4, loop, 0, 3)
    with pytest.raises(ConfigError, match=r"^lattice: no path leads from node 1 to node 0$"):
        assemble([0] * 4, loop, 1, 0)
    with pytest.raises(ConfigError, match=r"^lattice: an arc names a node that is none of the 3 given$"):
        assemble([0] * 3, loop, 0, 2)
