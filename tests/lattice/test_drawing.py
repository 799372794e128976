"""The drawing is well-formed, holds every arc once, and nothing lies on anything else."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from stapes.lattice import Arc, Lattice, best_path, posteriors, to_svg
from tests.lattice.enumeration import random_lattice

SVG = "{http://www.w3.org/2000/svg}"


def groups(svg: str, kind: str) -> list[ET.Element]:
    return [group for group in ET.fromstring(svg).iter(f"{SVG}g") if group.get("class") == kind]


def label(group: ET.Element) -> tuple[str, str]:
    """Word and posterior beside an arc."""
    text = group.find(f"{SVG}text")
    assert text is not None
    return (text.text or "").strip(), text[0].text or ""


def place(group: ET.Element) -> tuple[float, float, float]:
    """Height, left and right end of the label of an arc."""
    text = group.find(f"{SVG}text")
    assert text is not None
    x, half = float(text.get("x", "")), (len("".join(label(group))) + 1) * 7 / 2
    return float(text.get("y", "")), x - half, x + half


@pytest.mark.parametrize("seed", range(30))
def test_every_arc_is_drawn_with_its_word_and_posterior(seed: int) -> None:
    lattice = random_lattice(seed)
    svg = to_svg(lattice)
    shares = posteriors(lattice).arcs
    expected = sorted(
        (arc.word or "ε", f"{share:.2f}") for arc, share in zip(lattice.arcs, shares, strict=True)
    )
    assert sorted(map(label, groups(svg, "best") + groups(svg, "rival"))) == expected
    words = [word for word, _ in sorted(map(label, groups(svg, "best")))]
    assert words == sorted(lattice.arcs[index].word or "ε" for index in best_path(lattice).arcs)
    assert to_svg(lattice) == svg


@pytest.mark.parametrize("seed", range(30))
def test_no_two_labels_of_rivals_overlap(seed: int) -> None:
    places = sorted(place(group) for group in groups(to_svg(random_lattice(seed, nodes=9)), "rival"))
    for (y, _, right), (next_y, left, _) in itertools.pairwise(places):
        assert y != next_y or right <= left + 0.2


def test_the_best_path_is_on_one_line_and_its_labels_fit() -> None:
    arcs = [Arc(n, n + 1, "sesquipedalian", n * 10, n * 10 + 10, -1.0) for n in range(3)]
    arcs.append(Arc(0, 3, "x", 0, 30, -9.0))
    places = [place(group) for group in groups(to_svg(Lattice((0, 10, 20, 30), tuple(arcs))), "best")]
    assert len({y for y, _, _ in places}) == 1
    assert all(one[2] <= other[1] for one, other in itertools.pairwise(sorted(places)))


def test_words_are_escaped() -> None:
    svg = to_svg(Lattice((0, 9), (Arc(0, 1, "<b>&\"'</b>", 0, 9, 0.0),)))
    assert label(groups(svg, "best")[0]) == ("<b>&\"'</b>", "1.00")
    assert "<b>" not in svg


def test_time_axis_in_seconds() -> None:
    svg = to_svg(Lattice((10, 60), (Arc(0, 1, "a", 10, 60, -1.0),), 20))
    ticks = re.findall(r'x="([\d.]+)" y="[\d.]+">([\d.]+) s<', svg)
    assert [seconds for _, seconds in ticks] == ["0.5", "1.0"]
    circles = [circle.get("cx") for circle in ET.fromstring(svg).iter(f"{SVG}circle")]
    px_per_s = float(circles[1] or 0) - float(circles[0] or 0)
    assert float(ticks[1][0]) - float(ticks[0][0]) == pytest.approx(px_per_s / 2, abs=0.2)
    assert "a: 0.20 to 1.20 s, frames 10 to 60, posterior 1.0000, acoustic -1.00, context 0.00" in svg


@pytest.mark.parametrize(
    "lattice", [Lattice((7,), ()), Lattice((7, 7), (Arc(0, 1, "a", 7, 7, 0.0), Arc(0, 1, "b", 7, 7, 0.0)))]
)
def test_lattices_without_duration_are_drawn(lattice: Lattice) -> None:
    assert len(list(ET.fromstring(to_svg(lattice)).iter(f"{SVG}circle"))) == len(lattice.frames)


def test_a_very_long_lattice_has_few_ticks() -> None:
    svg = to_svg(Lattice((0, 2**24 - 1), (Arc(0, 1, "a", 0, 9, 0.0),), 1000))
    assert svg.count(" s</text>") <= 1001
