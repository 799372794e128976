"""Reads letters through the graph of a grammar, by all ways at once.

Whatever way a word was cut into pieces, its letters are the same: the automaton accepts every segmentation, and needs
none. Its states are sets of positions, made as they are needed (the subset construction of Thompson 1968). Whoever
uses the same part at the same time shares its positions (the graph-structured stack of Tomita 1987), so that the work
does not multiply with the ways to get there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stapes.decode.words import WORD_MARK
from stapes.grammar.graph import ANY, CALL, EPSILON, SPACE, WILD, Graph

Callers = frozenset[tuple[int, "Callers"]]
"""Where to go on after the part that is being read, and who uses the part that holds this place; empty for nobody."""

Position = tuple[int, bool, Callers]
"""A node, whether a word has just ended there, and who uses the part that it is in."""

NOBODY: Callers = frozenset()


@dataclass(frozen=True, slots=True)
class Reached:
    """A state: everything that may come next.

    Attributes:
        positions: those from which a letter can be read.
        opened: whether the next letter begins a word; else a word mark is needed first, or the word goes on.
        complete: whether a sentence may end here.
        wild: whether a wildcard reads on, so that any letter may follow.
        wild_word: whether a wildcard reads on after a word mark.
    """

    positions: frozenset[Position]
    opened: bool
    complete: bool
    wild: bool
    wild_word: bool


CACHED_POSITIONS = 200_000
"""Bound on the positions in the steps from state to state that an automaton keeps (about 30 MB)."""


@dataclass(frozen=True, slots=True)
class _Silent:
    """Where a node leads without a letter, inside its part.

    Attributes:
        here: nodes that read a letter; whether a word ends before them; whether they are a wildcard.
        calls: rank and first node of a part, whether a word ends before it, where to go on after it.
        ends: for each way to the end of the part, whether a word ends there.
    """

    here: tuple[tuple[int, bool, bool], ...]
    calls: tuple[tuple[int, int, bool, int], ...]
    ends: tuple[bool, ...]


class _Closing:
    """What is reached without a letter, while it is being found."""

    def __init__(self) -> None:
        self.positions: set[Position] = set()
        self.pending: dict[tuple[int, int, bool], set[tuple[int, Callers]]] = {}
        self.wild: set[bool] = set()
        self.complete = False

    def enter(self, silent: _Silent, callers: Callers) -> None:
        """Add what ``silent`` reaches inside a part that ``callers`` use."""
        for reader, ended, is_wild in silent.here:
            self.positions.add((reader, ended, callers))
            if is_wild:
                self.wild.add(ended)
        for rank, start, ended, back in silent.calls:
            self.pending.setdefault((rank, start, ended), set()).add((back, callers))


class Automaton:
    """The automaton of ``graph``."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._silent: dict[tuple[int, bool], _Silent] = {}
        self._reads: dict[tuple[Reached, str], Reached | None] = {}
        self._states: dict[Reached, Reached] = {}
        self._kept_positions = 0
        self._start = self._close([(0, True, NOBODY)], opened=True)

    def start(self) -> Reached:
        """The state before the first letter."""
        return self._start

    def read(self, state: Reached, letter: str) -> Reached | None:
        """The state after a letter or ``WORD_MARK``; None outside of the grammar.

        The first word needs no mark, and a mark after a mark changes nothing.
        """
        key = (state, letter)
        if key not in self._reads:
            reached = self._open(state) if letter == WORD_MARK else self._letter(state, ord(letter))
            self._reads[key] = None if reached is None else self._keep(reached)
        return self._reads[key]

    def _keep(self, state: Reached) -> Reached:
        """The one object for this state; when too many are kept, all are forgotten."""
        known = self._states.get(state)
        if known is not None:
            return known
        self._kept_positions += len(state.positions)
        if self._kept_positions > CACHED_POSITIONS:
            self._reads.clear()
            self._states.clear()
            self._kept_positions = len(state.positions)
        self._states[state] = state
        return state

    def literal(self, state: Reached) -> Reached | None:
        """``state`` without what wildcards read; None if nothing else is left."""
        kinds = self._graph.kinds
        positions = frozenset(position for position in state.positions if kinds[position[0]] != WILD)
        return Reached(positions, state.opened, state.complete, False, False) if positions else None

    @staticmethod
    def _open(state: Reached) -> Reached | None:
        positions = frozenset(position for position in state.positions if position[1])
        if not positions:
            return None
        return Reached(positions, True, state.complete, state.wild_word, state.wild_word)

    def _letter(self, state: Reached, code: int) -> Reached | None:
        first, symbols, targets = self._graph.first, self._graph.symbols, self._graph.targets
        seeds = [
            (targets[arc], False, callers)
            for node, apart, callers in state.positions
            if apart == state.opened
            for arc in range(first[node], first[node + 1])
            if symbols[arc] == code or symbols[arc] == ANY
        ]
        return self._close(seeds, opened=False) if seeds else None

    def _close(self, seeds: Iterable[Position], opened: bool) -> Reached:
        """The state that holds ``seeds`` and all that is reached from them without a letter."""
        closing = _Closing()
        work = list(dict.fromkeys(seeds))
        seen = set(work)
        for node, apart, callers in work:
            silent = self._silence(node, apart)
            closing.enter(silent, callers)
            for ended in silent.ends:
                closing.complete = closing.complete or not callers
                for position in ((back, ended, outer) for back, outer in callers):
                    if position not in seen:
                        seen.add(position)
                        work.append(position)
        # A part is entered when all that use it are known: they have higher ranks.
        while closing.pending:
            key = max(closing.pending)
            _, start, apart = key
            closing.enter(self._silence(start, apart), frozenset(closing.pending.pop(key)))
        wild = {apart: (apart in closing.wild) for apart in (False, True)}
        return Reached(frozenset(closing.positions), opened, closing.complete, wild[opened], wild[True])

    def _silence(self, node: int, apart: bool) -> _Silent:
        return self._silent.get((node, apart)) or self._explore(node, apart)

    def _explore(self, node: int, apart: bool) -> _Silent:
        """What is reached from ``node`` without a letter, a call or a return; kept from then on."""
        graph = self._graph
        here, calls, ends = [], [], []
        work = [(node, apart)]
        seen = set(work)
        while work:
            place, ended = work.pop()
            if graph.ends[place]:
                ends.append(ended)
            for arc in range(graph.first[place], graph.first[place + 1]):
                symbol, target = graph.symbols[arc], graph.targets[arc]
                if symbol == CALL:
                    call = graph.calls[graph.notes[arc]]
                    calls.append((call.rank, call.start, ended, target))
                elif symbol in (EPSILON, SPACE):
                    after = (target, ended or symbol == SPACE)
                    if after not in seen:
                        seen.add(after)
                        work.append(after)
                else:
                    here.append((place, ended, graph.kinds[place] == WILD))
        silent = _Silent(tuple(dict.fromkeys(here)), tuple(calls), tuple(dict.fromkeys(ends)))
        self._silent[node, apart] = silent
        return silent
