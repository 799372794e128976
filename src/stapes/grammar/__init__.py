"""Grammars: which sentences are understood, compiled to a graph that a search follows and words are read with."""

from stapes.grammar.expected import Boost, Restriction
from stapes.grammar.files import read_values
from stapes.grammar.gate import Gate, GatedSearch, Verdict
from stapes.grammar.grammar import Grammar, Only
from stapes.grammar.matching import Match, Slot

__all__ = [
    "Boost",
    "Gate",
    "GatedSearch",
    "Grammar",
    "Match",
    "Only",
    "Restriction",
    "Slot",
    "Verdict",
    "read_values",
]
