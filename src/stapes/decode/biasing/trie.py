"""A set of texts as a letter trie that is never built: a node is a range of the sorted texts.

Sorting is all that compiling costs; what hangs below a node is looked up when a search first gets there, and kept.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Place = tuple[int, int, int]
"""First and one past the last text that begin alike, and the number of letters they share: a node, as a value."""


@dataclass(frozen=True, slots=True)
class TrieNode:
    """What is known of a node.

    Attributes:
        next: the places that each letter leads to.
        entry: index of the text that ends here; None if none does.
        prefix: the letters that lead here.
        weight: greatest weight of the texts that begin so.
    """

    next: Mapping[str, Place]
    entry: int | None
    prefix: str
    weight: float


class Trie:
    """The texts of a list, by their beginnings.

    Args:
        texts: different from each other.
        weights: one a text.
    """

    def __init__(self, texts: list[str], weights: list[float]) -> None:
        order = sorted(range(len(texts)), key=texts.__getitem__)
        self.entries = order
        self.texts = [texts[index] for index in order]
        self.weights = [weights[index] for index in order]
        self._greatest = np.array(self.weights)
        self._nodes: dict[Place, TrieNode] = {}
        self.root: Place = (0, len(texts), 0)

    def __len__(self) -> int:
        return len(self.texts)

    def node(self, place: Place) -> TrieNode:
        """The node at ``place``."""
        node = self._nodes.get(place)
        if node is None:
            node = self._nodes[place] = self._look_up(place)
        return node

    def _look_up(self, place: Place) -> TrieNode:
        first, end, depth = place
        if first == end:
            return TrieNode({}, None, "", 0.0)
        prefix = self.texts[first][:depth]
        is_entry = len(self.texts[first]) == depth
        weight = float(self._greatest[first:end].max())
        entry = self.entries[first] if is_entry else None
        return TrieNode(self._branches(first + is_entry, end, depth, prefix), entry, prefix, weight)

    def _branches(self, first: int, end: int, depth: int, prefix: str) -> dict[str, Place]:
        branches = {}
        while first < end:
            letter = self.texts[first][depth]
            stop = bisect_left(self.texts, prefix + chr(ord(letter) + 1), first, end)
            branches[letter] = (first, stop, depth + 1)
            first = stop
        return branches
