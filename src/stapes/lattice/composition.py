"""The scores of a word model on the arcs of a lattice."""

from collections.abc import Hashable
from dataclasses import replace
from typing import Protocol, TypeVar

from stapes.errors import ConfigError
from stapes.lattice.graph import MAX_NODES, Arc, Lattice, assemble

State = TypeVar("State", bound=Hashable)


class WordModel(Protocol[State]):
    """What scores word sequences from left to right, with a history that is a value: an n-gram model, a grammar.

    The fewer distinct states follow different histories, the smaller the composed lattice.
    """

    def start(self) -> State:
        """The state before the first word."""
        ...

    def step(self, state: State, word: str) -> tuple[State, float]:
        """The state after ``word`` and the log score, in nats, of ``word`` in ``state``."""
        ...

    def end(self, state: State) -> float:
        """The log score, in nats, of nothing following ``state``."""
        ...


def compose(lattice: Lattice, model: WordModel[State]) -> Lattice:
    """``lattice`` with the scores of ``model`` added to its context scores.

    It has the same paths; nodes are split where paths meet in different states of the model. What the model gives
    to the end of a sequence is on the last arc.

    Raises:
        ConfigError: the result would have more than 2^16 nodes (prune first), or a score is not finite.
    """
    frames = [lattice.frames[-1]]
    places: dict[tuple[int, State], int] = {}
    pending: list[tuple[int, State]] = []
    arcs: list[Arc] = []

    def place(node: int, state: State) -> int:
        key = (node, state)
        if key not in places:
            if len(frames) == MAX_NODES:
                raise ConfigError(f"compose: more than {MAX_NODES} nodes are needed; prune the lattice first")
            places[key] = len(frames)
            frames.append(lattice.frames[node])
            pending.append(key)
        return places[key]

    start = place(0, model.start())
    if lattice.end == 0:
        arcs.append(Arc(start, 0, "", frames[0], frames[0], 0.0, model.end(model.start())))
        pending.clear()
    while pending:
        node, state = pending.pop()
        source = places[node, state]
        for arc in lattice.arcs[lattice.leaving[node].start : lattice.leaving[node].stop]:
            after, gain = model.step(state, arc.word) if arc.word else (state, 0.0)
            ends = arc.target == lattice.end
            context = arc.context + gain + (model.end(after) if ends else 0.0)
            target = 0 if ends else place(arc.target, after)
            arcs.append(replace(arc, source=source, target=target, context=context))
    return assemble(frames, arcs, start, 0, lattice.frame_ms)
