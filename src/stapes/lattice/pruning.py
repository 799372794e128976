"""Fewer arcs, the probable ones."""

from stapes.errors import ConfigError
from stapes.lattice.graph import MAX_ARCS, Lattice, assemble
from stapes.lattice.paths import best_ahead, best_behind, best_path
from stapes.lattice.probability import posteriors


def prune(lattice: Lattice, posterior: float = 0.0, max_arcs: int = MAX_ARCS) -> Lattice:
    """``lattice`` without improbable arcs, and without what then lies on no path from start to end.

    The best path always stays, even where it alone has more than ``max_arcs`` arcs.

    Args:
        posterior: in [0, 1]; arcs with a smaller posterior go.
        max_arcs: at least 1; of more arcs those stay through which the best paths lead.

    Raises:
        ConfigError: an argument is out of range.
    """
    if not 0.0 <= posterior <= 1.0:
        raise ConfigError(f"prune: posterior is {posterior}, accepted are 0 to 1")
    if max_arcs < 1:
        raise ConfigError(f"prune: max_arcs is {max_arcs}, accepted is at least 1")
    best = set(best_path(lattice).arcs)
    kept = {index for index, share in enumerate(posteriors(lattice).arcs) if share >= posterior} | best
    pruned = _subset(lattice, kept)
    return _limit(pruned, max_arcs) if len(pruned.arcs) > max_arcs else pruned


def _limit(lattice: Lattice, max_arcs: int) -> Lattice:
    """The best path and, up to ``max_arcs``, the arcs with the best paths through them.

    The best path through an arc holds no arc with a worse one, so the arcs that are kept hang together.
    """
    ahead, behind = best_ahead(lattice), best_behind(lattice)
    best = best_path(lattice).arcs
    through = [behind[arc.source] + arc.score + ahead[arc.target] for arc in lattice.arcs]
    others = sorted(
        set(range(len(lattice.arcs))).difference(best), key=lambda index: (-through[index], index)
    )
    return _subset(lattice, {*best, *others[: max(0, max_arcs - len(best))]})


def _subset(lattice: Lattice, kept: set[int]) -> Lattice:
    arcs = [lattice.arcs[index] for index in sorted(kept)]
    return assemble(lattice.frames, arcs, 0, lattice.end, lattice.frame_ms)
