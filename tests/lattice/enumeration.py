"""Small random lattices, and the slow clear way to everything: all paths, one by one."""

import random

from stapes.lattice import Arc, Lattice, assemble

Paths = list[tuple[int, ...]]


def random_lattice(seed: int, nodes: int = 6, words: str = "abc", empty: float = 0.15) -> Lattice:
    """A lattice of at most ``nodes`` nodes with parallel arcs, arcs without a word, and gaps beside words."""
    rng = random.Random(seed)
    frames = sorted(rng.randrange(40) for _ in range(nodes))
    pairs = [(node, node + 1) for node in range(nodes - 1)]
    pairs += [tuple(sorted(rng.sample(range(nodes), 2))) for _ in range(rng.randrange(nodes + 3))]
    arcs = []
    for source, target in pairs:
        start, end = sorted(rng.randint(frames[source], frames[target]) for _ in range(2))
        word = "" if rng.random() < empty else rng.choice(words)
        arcs.append(Arc(source, target, word, start, end, rng.uniform(-4, 0), rng.uniform(-1, 1)))
    rng.shuffle(arcs)
    return assemble(frames, arcs, 0, nodes - 1)


def all_paths(lattice: Lattice) -> Paths:
    """Every path as indices of arcs."""
    done: Paths = []
    pending: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    while pending:
        node, path = pending.pop()
        if node == lattice.end:
            done.append(path)
        for index, arc in enumerate(lattice.arcs):
            if arc.source == node:
                pending.append((arc.target, (*path, index)))
    return done


def words_of(lattice: Lattice, path: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(lattice.arcs[index].word for index in path if lattice.arcs[index].word)


def score_of(lattice: Lattice, path: tuple[int, ...]) -> float:
    return sum(lattice.arcs[index].acoustic + lattice.arcs[index].context for index in path)


def edit_distance(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, rival in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != rival))
    return row[-1]
