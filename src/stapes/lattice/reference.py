"""The path that comes closest to what was said."""

from collections.abc import Sequence
from dataclasses import dataclass

from stapes.lattice.graph import Lattice
from stapes.lattice.paths import Path, path_of


@dataclass(frozen=True, slots=True)
class Oracle:
    """The path with the fewest errors.

    Attributes:
        path: the path.
        substitutions: words of the reference that it replaces.
        insertions: words of its own.
        deletions: words of the reference that it lacks.
    """

    path: Path
    substitutions: int
    insertions: int
    deletions: int

    @property
    def errors(self) -> int:
        """The edit distance between its words and the reference."""
        return self.substitutions + self.insertions + self.deletions


_Cost = tuple[int, float]
"""Errors, then minus the score: of two ways with as many errors the more probable one is better."""

_Step = tuple[int | None, int]
"""The arc taken (None: none) and how many words of the reference were behind before it."""


def oracle(lattice: Lattice, reference: Sequence[str]) -> Oracle:
    """The path of ``lattice`` with the smallest edit distance to ``reference``; of several the most probable.

    Exact: dynamic programming over nodes × words of the reference.
    """
    width = len(reference) + 1
    costs: list[list[_Cost | None]] = [[None] * width for _ in lattice.frames]
    steps: list[list[_Step]] = [[(None, 0)] * width for _ in lattice.frames]
    costs[0][0] = (0, 0.0)
    for node, leaving in enumerate(lattice.leaving):
        _delete(costs[node], steps[node])
        for index in leaving:
            target = lattice.arcs[index].target
            _take(lattice, index, reference, costs[node], costs[target], steps[target])
    return _trace(lattice, reference, steps)


def _delete(costs: list[_Cost | None], steps: list[_Step]) -> None:
    """Let words of the reference go by unsaid at one node."""
    for done in range(1, len(costs)):
        before = costs[done - 1]
        if before is not None:
            _offer(costs, steps, done, (before[0] + 1, before[1]), (None, done - 1))


def _take(
    lattice: Lattice,
    index: int,
    reference: Sequence[str],
    costs: list[_Cost | None],
    target_costs: list[_Cost | None],
    target_steps: list[_Step],
) -> None:
    """Carry the ``costs`` at the source of an arc over to its target."""
    arc = lattice.arcs[index]
    for done, cost in enumerate(costs):
        if cost is None:
            continue
        errors, minus = cost[0], cost[1] - arc.score
        _offer(target_costs, target_steps, done, (errors + bool(arc.word), minus), (index, done))
        if arc.word and done < len(reference):
            wrong = arc.word != reference[done]
            _offer(target_costs, target_steps, done + 1, (errors + wrong, minus), (index, done))


def _offer(costs: list[_Cost | None], steps: list[_Step], done: int, cost: _Cost, step: _Step) -> None:
    known = costs[done]
    if known is None or cost < known:
        costs[done] = cost
        steps[done] = step


def _trace(lattice: Lattice, reference: Sequence[str], steps: list[list[_Step]]) -> Oracle:
    node, done, arcs = lattice.end, len(reference), []
    substitutions = insertions = deletions = 0
    while node or done:
        index, before = steps[node][done]
        if index is None:
            deletions += 1
        else:
            arcs.append(index)
            word = lattice.arcs[index].word
            insertions += bool(word) and before == done
            substitutions += before < done and word != reference[before]
            node = lattice.arcs[index].source
        done = before
    return Oracle(path_of(lattice, arcs[::-1]), substitutions, insertions, deletions)
