"""Phrases, classes and aliases that the user brings, as an expectation of a search."""

from stapes.decode.biasing.automaton import Biasing
from stapes.decode.biasing.entries import Problem
from stapes.decode.biasing.files import read_phrases
from stapes.decode.biasing.phrases import Phrases
from stapes.decode.biasing.writing import Written

__all__ = ["Biasing", "Phrases", "Problem", "Written", "read_phrases"]
