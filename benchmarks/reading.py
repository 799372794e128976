"""The most favourable reading of a written transcript.

A recogniser that writes "Call 9515 at 10:05 PM" may have heard "nine five one five" or "ninety five fifteen",
"ten oh five" or "ten five". Holding either against it would measure its spelling, not its hearing. So every
way to read what it wrote is laid out as a graph of words, and the path nearest to the reference is scored.
"""

import graphlib
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from stapes.corpus import normalise
from stapes.corpus.numerals import cardinal, ordinal

_PIECE = re.compile(r"(?P<digits>\d+)(?:(?P<suffix>st|nd|rd|th|s)(?![a-z]))?|[A-Za-z']+", re.ASCII)
# A path that grows at its end: (words so far, last word).
Path = tuple["Path", str] | None


def best_reading(written: str, reference: str) -> str:
    """The way to read ``written`` aloud that has the fewest word errors against ``reference`` (spoken form).

    Numbers may be read digit by digit, in pairs, as cardinals with or without "and", ordinals, years, times
    and prices; words in capitals may be letters; two words may be one where the reference has it
    so, and the reverse.
    """
    graph = _Graph()
    end = 0
    for token in re.sub(r"(?<=\d),(?=\d{3})", "", written).replace("-", " ").split():
        end = _add_token(graph, end, token)
    said = reference.split()
    graph.join_and_split(said)
    return " ".join(_nearest(graph, end, said))


class _Graph:
    """Words between numbered nodes; node 0 is the beginning."""

    def __init__(self) -> None:
        self.edges: dict[int, list[tuple[str, int]]] = defaultdict(list)
        self.nodes = 1

    def node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def add(self, source: int, words: str, target: int) -> None:
        """Lay a path of ``words``; without words, ``source`` and ``target`` are joined by an empty step."""
        *before, last = words.split() or [""]
        for word in before:
            middle = self.node()
            self.edges[source].append((word, middle))
            source = middle
        if (last, target) not in self.edges[source]:
            self.edges[source].append((last, target))

    def join_and_split(self, said: Sequence[str]) -> None:
        """Let two words be one, or one be two, where the other form stands in ``said``."""
        split = {first + second: f"{first} {second}" for first, second in itertools.pairwise(said)}
        pairs = [
            (source, first, second, target)
            for source, edges in list(self.edges.items())
            for first, middle in edges
            for second, target in self.edges.get(middle, [])
        ]
        words = [(source, word, target) for source, edges in self.edges.items() for word, target in edges]
        for source, first, second, target in pairs:
            if first + second in said:
                self.add(source, first + second, target)
        for source, word, target in words:
            if word in split:
                self.add(source, split[word], target)


def _add_token(graph: _Graph, start: int, token: str) -> int:
    """Add every reading of one written token after node ``start``; its last node."""
    pieces = list(_PIECE.finditer(token))
    words = normalise(token)
    if not pieces and not words:
        return start
    end = graph.node()
    graph.add(start, words, end)
    node = start
    for index, piece in enumerate(pieces):
        target = end if index == len(pieces) - 1 else graph.node()
        for words in _readings(piece):
            graph.add(node, words, target)
        if piece["digits"]:
            _add_digits(graph, node, piece["digits"], target)
        node = target
    return end


def _readings(piece: re.Match[str]) -> Iterator[str]:
    text, digits = piece[0], piece["digits"]
    yield normalise(text)
    if not digits:
        if text.isupper():
            yield " ".join(text.lower())
    else:
        if piece["suffix"] != "s" and int(digits) < 1000:
            yield from _with_and(ordinal(digits))
        if digits == "00":
            yield ""


def _add_digits(graph: _Graph, start: int, digits: str, end: int) -> None:
    """Every way to part a run of digits into numbers that are read one after the other."""
    nodes = [start, *(graph.node() for _ in digits[1:]), end]
    for first in range(len(digits)):
        for last in range(first + 1, len(digits) + 1):
            for words in _numbers(digits[first:last]):
                graph.add(nodes[first], words, nodes[last])


def _numbers(digits: str) -> Iterator[str]:
    if digits == "0":
        yield from ("zero", "oh", "o")
    elif digits[0] != "0" and len(digits) <= 9:
        yield from _with_and(cardinal(int(digits)))
        if len(digits) == 4 and digits.endswith("00"):
            yield f"{cardinal(int(digits[:2]))} hundred"


def _with_and(number: str) -> Iterator[str]:
    yield number
    british = re.sub(r"hundred (?!thousand|million)", "hundred and ", number)
    if british != number:
        yield british


def _nearest(graph: _Graph, end: int, said: Sequence[str]) -> list[str]:
    """The words of the path from node 0 to ``end`` with the least edit distance to ``said``."""
    incoming: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for source, edges in graph.edges.items():
        for word, target in edges:
            incoming[target].append((source, word))
    order = graphlib.TopologicalSorter({node: {s for s, _ in edges} for node, edges in incoming.items()})
    best: dict[int, list[tuple[int, Path]]] = {0: [(column, None) for column in range(len(said) + 1)]}
    for node in order.static_order():
        rows = [_step(best[source], word, said) for source, word in incoming[node]]
        if rows:
            best[node] = _with_deletions(
                [min(cells, key=lambda cell: cell[0]) for cells in zip(*rows, strict=True)]
            )
    words: list[str] = []
    path = best[end][-1][1]
    while path is not None:
        path, word = path
        words.append(word)
    return words[::-1]


def _step(row: list[tuple[int, Path]], word: str, said: Sequence[str]) -> list[tuple[int, Path]]:
    """Costs after ``word``, at column j those with j words of ``said`` used up, before deletions."""
    if not word:
        return row
    inserted: list[tuple[int, Path]] = [(cost + 1, (path, word)) for cost, path in row]
    for column, expected in enumerate(said):
        cost, path = row[column]
        matched = (cost + (word != expected), (path, word))
        inserted[column + 1] = min(inserted[column + 1], matched, key=lambda cell: cell[0])
    return inserted


def _with_deletions(row: list[tuple[int, Path]]) -> list[tuple[int, Path]]:
    for column in range(1, len(row)):
        if row[column - 1][0] + 1 < row[column][0]:
            row[column] = (row[column - 1][0] + 1, row[column - 1][1])
    return row
