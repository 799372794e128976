"""A lattice as a drawing: time to the right, the best path on a straight line, its rivals in lanes below.

Lengths are in pixels of the drawing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from stapes.lattice.graph import Lattice
from stapes.lattice.paths import best_path
from stapes.lattice.probability import posteriors

_MARGIN = 48
_LANE = 34
_CHARACTER = 7.6
"""Width of a character of a label."""
_NO_WORD = "ε"
_MOST_TICKS = 1000
_SLOWEST, _FASTEST = 160.0, 1200.0
"""Pixels per second; words of the best path that need more room than the fastest gives may touch."""
_STYLE = """
text { font: 13px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif; fill: #334155; text-anchor: middle;
  paint-order: stroke; stroke: white; stroke-width: 3px; stroke-linejoin: round; }
.p { font-size: 10px; fill: #64748b; }
.axis text { font-size: 11px; }
.axis line { stroke: #e2e8f0; }
path { fill: none; stroke: #94a3b8; }
.best path { stroke: #0f766e; }
.best text { font-weight: 600; fill: #134e4a; }
circle { fill: white; stroke: #475569; }
circle.on { fill: #0f766e; stroke: #0f766e; }
"""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything lies: x of each node, lane of each node and of each arc."""

    x: list[float]
    node_lanes: list[int]
    arc_lanes: list[int]
    px_per_s: float


def to_svg(lattice: Lattice) -> str:
    """An SVG document that shows ``lattice`` on a time axis.

    The best path is drawn strongly, on one line. Every other arc has a lane below it, the more probable nearer, and
    is the thicker the more probable it is; its label is the word with the posterior of the arc. Pointing at
    an arc shows its frames, times and scores. A lattice of hundreds of arcs is better pruned first.
    """
    shares = posteriors(lattice).arcs.tolist()
    best = best_path(lattice).arcs
    layout = _arrange(lattice, shares, best)
    lanes = max(layout.arc_lanes, default=0) + 1
    width = layout.x[-1] + _MARGIN
    height = 2 * _MARGIN + lanes * _LANE
    order = sorted(range(len(lattice.arcs)), key=lambda index: (index in best, shares[index], index))
    on_best = {0, lattice.end, *(lattice.arcs[index].target for index in best)}
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
            f'viewBox="0 0 {width:.0f} {height}" role="img" aria-label="word lattice">',
            f"<style>{_STYLE}</style>",
            '<rect width="100%" height="100%" fill="white"/>',
            *_axis(lattice, layout, height - _MARGIN / 2),
            *(_arc(lattice, index, shares[index], index in best, layout) for index in order),
            *(_node(lattice, node, node in on_best, layout) for node in range(len(lattice.frames))),
            "</svg>\n",
        ]
    )


def _arrange(lattice: Lattice, shares: Sequence[float], best: Sequence[int]) -> _Layout:
    px_per_s = _speed(lattice, best)
    first = lattice.frames[0]
    x = [_MARGIN + (frame - first) * lattice.frame_ms / 1000 * px_per_s for frame in lattice.frames]
    arc_lanes = [0] * len(lattice.arcs)
    taken: list[list[tuple[float, float]]] = []
    for index in sorted(set(range(len(lattice.arcs))).difference(best), key=lambda i: (-shares[i], i)):
        arc_lanes[index] = 1 + _free_lane(taken, _extent(lattice, index, x))
    node_lanes = [0] * len(lattice.frames)
    on_best = {0, *(lattice.arcs[index].target for index in best)}
    entering: dict[int, int] = {}
    for index, arc in enumerate(lattice.arcs):
        known = entering.setdefault(arc.target, index)
        if shares[index] > shares[known]:
            entering[arc.target] = index
    for node in set(range(len(lattice.frames))) - on_best:
        node_lanes[node] = arc_lanes[entering[node]]
    return _Layout(x, node_lanes, arc_lanes, px_per_s)


def _speed(lattice: Lattice, best: Sequence[int]) -> float:
    """Pixels per second, so that the labels of the best path fit."""
    needed = _SLOWEST
    for index in best:
        arc = lattice.arcs[index]
        frames = lattice.frames[arc.target] - lattice.frames[arc.source]
        if frames:
            needed = max(needed, _label_width(arc.word) * 1000 / (frames * lattice.frame_ms))
    return min(needed, _FASTEST)


def _label_width(word: str) -> float:
    return (len(word or _NO_WORD) + 5) * _CHARACTER + 8


def _extent(lattice: Lattice, index: int, x: Sequence[float]) -> tuple[float, float]:
    """From where to where an arc with its label needs its lane."""
    arc = lattice.arcs[index]
    left, right = x[arc.source], x[arc.target]
    surplus = max(0.0, _label_width(arc.word) - (right - left)) / 2
    return left - surplus, right + surplus


def _free_lane(taken: list[list[tuple[float, float]]], extent: tuple[float, float]) -> int:
    """The first lane with nothing in ``extent``, which is then entered there."""
    for lane, extents in enumerate(taken):
        if all(right <= extent[0] or extent[1] <= left for left, right in extents):
            extents.append(extent)
            return lane
    taken.append([extent])
    return len(taken) - 1


def _y(lane: int) -> float:
    return _MARGIN + lane * _LANE


def _axis(lattice: Lattice, layout: _Layout, bottom: float) -> list[str]:
    """Lines at round times, with the seconds below."""
    first_s, last_s = (lattice.frames[node] * lattice.frame_ms / 1000 for node in (0, -1))
    step_s = next(step for step in (0.1, 0.2, 0.5) if step * layout.px_per_s >= 60)
    if last_s - first_s > step_s * _MOST_TICKS:
        step_s = math.ceil((last_s - first_s) / _MOST_TICKS)
    parts = ['<g class="axis">']
    for tick in range(math.ceil(first_s / step_s - 1e-9), math.floor(last_s / step_s + 1e-9) + 1):
        x = _MARGIN + (tick * step_s - first_s) * layout.px_per_s
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_MARGIN / 2:.0f}" y2="{bottom - 14:.1f}"/>'
            f'<text x="{x:.1f}" y="{bottom:.1f}">{tick * step_s:.1f} s</text>'
        )
    return [*parts, "</g>"]


def _arc(lattice: Lattice, index: int, share: float, best: bool, layout: _Layout) -> str:
    arc = lattice.arcs[index]
    x0, x1 = layout.x[arc.source], layout.x[arc.target]
    y0, y1 = _y(layout.node_lanes[arc.source]), _y(layout.node_lanes[arc.target])
    y = _y(layout.arc_lanes[index])
    turn = min(28.0, max((x1 - x0) / 2, 1.0))
    curve = (
        f"M{x0:.1f} {y0:.1f}C{x0 + turn / 2:.1f} {y0:.1f} {x0 + turn / 2:.1f} {y:.1f} {x0 + turn:.1f} {y:.1f}"
        f"H{x1 - turn:.1f}C{x1 - turn / 2:.1f} {y:.1f} {x1 - turn / 2:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    )
    label = escape(arc.word or _NO_WORD)
    return (
        f'<g class="{"best" if best else "rival"}"><title>{_describe(lattice, index, share)}</title>'
        f'<path d="{curve}" stroke-width="{1 + 3 * share:.1f}" opacity="{0.35 + 0.65 * share:.2f}"/>'
        f'<text x="{(x0 + x1) / 2:.1f}" y="{y - 6:.1f}">{label} <tspan class="p">{share:.2f}</tspan></text></g>'
    )


def _describe(lattice: Lattice, index: int, share: float) -> str:
    arc = lattice.arcs[index]
    start_s, end_s = (frame * lattice.frame_ms / 1000 for frame in (arc.start_frame, arc.end_frame))
    return (
        f"{escape(arc.word or _NO_WORD)}: {start_s:.2f} to {end_s:.2f} s, frames {arc.start_frame} to {arc.end_frame}, "
        f"posterior {share:.4f}, acoustic {arc.acoustic:.2f}, context {arc.context:.2f}"
    )


def _node(lattice: Lattice, node: int, on_best: bool, layout: _Layout) -> str:
    return (
        f'<circle cx="{layout.x[node]:.1f}" cy="{_y(layout.node_lanes[node]):.1f}" r="4"'
        f"{' class=' + chr(34) + 'on' + chr(34) if on_best else ''}>"
        f"<title>node {node}, frame {lattice.frames[node]}</title></circle>"
    )
