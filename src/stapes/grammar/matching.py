"""Which sentence of a grammar some words are, and what its slots hold.

Of several ways to read the words the best is the one with the fewest wildcards, then with the fewest letters inside
lists and wildcards, then with the fewest inside wildcards: the order of hassil. Among equals it is the first found,
which depends on the grammar alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stapes.grammar.graph import ANY, CALL, EPSILON, LITERAL, SPACE, WILD, Graph, SentenceMark, ValueMark

Cost = tuple[int, int, int]
"""Wildcards, letters inside lists and wildcards, letters inside wildcards."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that was filled.

    Attributes:
        name: of the slot.
        text: the words that fill it.
        value: what they stand for: the value of the list, a number, or the text itself.
        start_word: index of the first of the words.
        end_word: one past the last.
    """

    name: str
    text: str
    value: Any
    start_word: int
    end_word: int


@dataclass(frozen=True, slots=True)
class Match:
    """A sentence of a grammar.

    Attributes:
        intent: that it belongs to.
        slots: that its words fill, in their order.
        given: values that hold whenever a sentence of this block is said.
    """

    intent: str
    slots: tuple[Slot, ...]
    given: Mapping[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """The value of every slot, given or said."""
        return {**self.given, **{slot.name: slot.value for slot in self.slots}}


@dataclass(frozen=True, slots=True, eq=False)
class _Event:
    """Something on a path through a part: a mark that was passed, or a part that was used.

    Attributes:
        before: the event before, inside the same part.
        mark: that was passed; None for a part.
        slot: that the part fills, if any.
        start, end: letters before and up to the end of the part.
        inside: the last event inside the part.
    """

    before: "_Event | None"
    mark: SentenceMark | ValueMark | None = None
    slot: str | None = None
    start: int = 0
    end: int = 0
    inside: "_Event | None" = None


@dataclass(frozen=True, slots=True)
class _Way:
    """The best path so far to a place, from where its part was entered."""

    cost: Cost
    last: _Event | None = None


_Place = tuple[int, bool]
"""A node, and whether a word has just ended there."""


@dataclass(slots=True, eq=False)
class _Visit:
    """A part that is being read since some letter, whoever uses it.

    Attributes:
        rank: of the part.
        start: letters before it.
        ways: the best way to each place.
        users: slot, whether the part is a wildcard, the visit that uses it, where to go on there, and the way to it.
    """

    rank: int
    start: int
    ways: dict[_Place, _Way]
    users: "list[tuple[str | None, bool, _Visit, int, _Way]]" = field(default_factory=list)


_FREE = (0, 0, 0)


def best_match(graph: Graph, words: Sequence[str]) -> Match | None:
    """The best reading of ``words``, or None if they are no sentence of the grammar; no words never are."""
    whole = _Visit(_highest(graph), 0, {(0, True): _Way(_FREE)})
    visits = _settled(graph, [whole], 0)
    letters = 0
    for word in words:
        for index, letter in enumerate(word):
            _read(graph, visits, ord(letter), begins=index == 0)
            letters += 1
            visits = _settled(graph, [visit for visit in visits if visit.ways], letters)
    done = [way for (node, _), way in whole.ways.items() if graph.ends[node]]
    return _match(min(done, key=lambda way: way.cost), words) if letters and done else None


def _highest(graph: Graph) -> int:
    return max((call.rank for call in graph.calls), default=0) + 1


def _read(graph: Graph, visits: Sequence[_Visit], code: int, begins: bool) -> None:
    """Move all ways of ``visits`` past a letter."""
    for visit in visits:
        reached: dict[_Place, _Way] = {}
        for (node, apart), way in visit.ways.items():
            if apart == begins:
                kind = graph.kinds[node]
                cost = _sum(way.cost, (0, kind != LITERAL, kind == WILD))
                for arc in range(graph.first[node], graph.first[node + 1]):
                    if graph.symbols[arc] in (code, ANY):
                        _improve(reached, (graph.targets[arc], False), _Way(cost, way.last))
        visit.ways = reached


def _settled(graph: Graph, visits: Sequence[_Visit], letters: int) -> list[_Visit]:
    """The visits after all that needs no letter: parts end, the innermost first, and then parts begin."""
    alive = {id(visit): visit for visit in visits}
    work = sorted(visits, key=lambda visit: visit.rank)
    while work:
        visit = work.pop(0)
        _spread(graph, visit.ways)
        for user in _returned(graph, visit, letters):
            if id(user) not in alive:
                alive[id(user)] = user
                work = sorted([*work, user], key=lambda visit: visit.rank)
    entered: dict[tuple[int, int, bool], _Visit] = {}
    calling = sorted(alive.values(), key=lambda visit: -visit.rank)
    for visit in calling:
        _call(graph, visit, entered, letters)
    while entered:
        visit = entered.pop(max(entered))
        _spread(graph, visit.ways)
        _call(graph, visit, entered, letters)
        alive[id(visit)] = visit
    return list(alive.values())


def _spread(graph: Graph, ways: dict[_Place, _Way]) -> None:
    """Add to ``ways`` what follows without a letter, inside the part."""
    work = list(ways)
    for place in work:
        node, apart = place
        way = ways[place]
        for arc in range(graph.first[node], graph.first[node + 1]):
            symbol, note = graph.symbols[arc], graph.notes[arc]
            if symbol in (EPSILON, SPACE):
                last = way.last if note < 0 else _Event(way.last, graph.marks[note])
                target = (graph.targets[arc], apart or symbol == SPACE)
                if _improve(ways, target, _Way(way.cost, last)):
                    work.append(target)


def _returned(graph: Graph, visit: _Visit, letters: int) -> list[_Visit]:
    """The visits whose ways go on because ``visit`` has come to its end."""
    ended = [(apart, way) for (node, apart), way in visit.ways.items() if graph.ends[node]]
    for slot, wild, user, back, before in visit.users:
        for apart, way in ended:
            event = _Event(before.last, None, slot, visit.start, letters, way.last)
            cost = _sum(_sum(before.cost, way.cost), (int(wild), 0, 0))
            _improve(user.ways, (back, apart), _Way(cost, event))
    return [user for _, _, user, _, _ in visit.users] if ended else []


def _call(graph: Graph, visit: _Visit, entered: dict[tuple[int, int, bool], _Visit], letters: int) -> None:
    """Enter the parts that ``visit`` calls where it stands; all who call a part at once share a visit."""
    for (node, apart), way in visit.ways.items():
        for arc in range(graph.first[node], graph.first[node + 1]):
            if graph.symbols[arc] == CALL:
                call = graph.calls[graph.notes[arc]]
                key = (call.rank, call.start, apart)
                if key not in entered:
                    entered[key] = _Visit(call.rank, letters, {(call.start, apart): _Way(_FREE)})
                entered[key].users.append((call.slot, call.wild, visit, graph.targets[arc], way))


def _improve(ways: dict[_Place, _Way], place: _Place, way: _Way) -> bool:
    """Enter ``way`` if it is better than the one known; whether it is."""
    known = ways.get(place)
    if known is not None and known.cost <= way.cost:
        return False
    ways[place] = way
    return True


def _sum(one: Cost, other: Cost) -> Cost:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _match(way: _Way, words: Sequence[str]) -> Match:
    """What the events of ``way`` say about ``words``."""
    sentence: SentenceMark | None = None
    event = way.last
    while event is not None:
        if isinstance(event.mark, SentenceMark):
            sentence = event.mark
        event = event.before
    if sentence is None:
        raise AssertionError("a path to the end passes no sentence")
    slots = _slots(way.last, words)
    return Match(sentence.intent, tuple(sorted(slots, key=lambda slot: slot.start_word)), sentence.slots)


def _slots(last: _Event | None, words: Sequence[str]) -> list[Slot]:
    """The slots that the events up to ``last`` fill, also those inside parts."""
    slots = []
    while last is not None:
        slots += _slots(last.inside, words)
        if last.slot is not None:
            slots.append(_slot(last, words))
        last = last.before
    return slots


def _slot(event: _Event, words: Sequence[str]) -> Slot:
    """The slot that the part of ``event`` fills, with its letters, counted without spaces, as words."""
    parts, first, last, passed = [], len(words), 0, 0
    for index, word in enumerate(words):
        part = word[max(0, event.start - passed) : max(0, event.end - passed)]
        passed += len(word)
        if part:
            parts.append(part)
            first, last = min(first, index), index + 1
    text = " ".join(parts)
    value = event.inside
    while value is not None and not isinstance(value.mark, ValueMark):
        value = value.before
    out = value.mark.out if value is not None and isinstance(value.mark, ValueMark) else None
    return Slot(event.slot or "", text, text if out is None else out, first, last)
