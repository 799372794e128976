"""Spoken lines of freely licensed adventure games: acted speech and its words, out of their data files."""

from stapes.corpus.games.gathering import Gathered, gather_games

__all__ = ["Gathered", "gather_games"]
