"""Sentences of a grammar drawn at random, to train on or to try it with."""

import random

from stapes.grammar.graph import ANY, CALL, EPSILON, Graph

_MOST_LETTERS = 400


def draw_sentence(graph: Graph, draw: random.Random) -> str | None:
    """A sentence of ``graph``, every way on from a node being as likely as the others.

    Returns:
        The words in spoken form; None where the path led through a wildcard, into what cannot be said, or to more
        than 400 letters.
    """
    node, letters, returns = 0, "", list[int]()
    while len(letters) <= _MOST_LETTERS:
        if graph.ends[node]:
            if not returns:
                return " ".join(letters.split())
            node = returns.pop()
            continue
        arcs = range(graph.first[node], graph.first[node + 1])
        if not arcs:
            return None
        arc = draw.choice(arcs)
        symbol, target = graph.symbols[arc], graph.targets[arc]
        if symbol == ANY:
            return None
        if symbol == CALL:
            returns.append(target)
            target = graph.calls[graph.notes[arc]].start
        elif symbol != EPSILON:
            letters += chr(symbol)
        node = target
    return None
