"""Phrases for the compiled search."""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stapes.decode.biasing import automaton
from stapes.decode.biasing.automaton import Lists
from stapes.decode.biasing.trie import Trie

if TYPE_CHECKING:
    from stapes._native import PhraseLists


def native_lists(lists: Lists, vocabulary: Sequence[str]) -> "PhraseLists":
    """``lists`` over the V pieces of ``vocabulary``; the compiled module is installed."""
    made: PhraseLists = importlib.import_module("stapes._native").PhraseLists(
        list(vocabulary),
        _spelled(lists.templates),
        [_spelled(members) for members in lists.classes],
        automaton.RARITY,
        automaton.COMMON,
        automaton.SIZE,
        automaton.FEW,
    )
    return made


def _spelled(trie: Trie) -> list[tuple[str, float]]:
    return list(zip(trie.texts, trie.weights, strict=True))
