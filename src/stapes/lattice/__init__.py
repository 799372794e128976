"""Word lattices: what may have been said, with probabilities; ``spec/lattice.md`` describes their written forms."""

from stapes.lattice.composition import WordModel, compose
from stapes.lattice.drawing import to_svg
from stapes.lattice.graph import Arc, Lattice, assemble
from stapes.lattice.json_form import from_json, to_json
from stapes.lattice.paths import Alternative, Path, best_path, n_best
from stapes.lattice.probability import Posteriors, posteriors, word_posteriors
from stapes.lattice.pruning import prune
from stapes.lattice.reduction import determinise, minimise
from stapes.lattice.reference import Oracle, oracle
from stapes.lattice.risk import Consensus, minimum_bayes_risk
from stapes.lattice.wire import from_bytes, score_errors, to_bytes

__all__ = [
    "Alternative",
    "Arc",
    "Consensus",
    "Lattice",
    "Oracle",
    "Path",
    "Posteriors",
    "WordModel",
    "assemble",
    "best_path",
    "compose",
    "determinise",
    "from_bytes",
    "from_json",
    "minimise",
    "minimum_bayes_risk",
    "n_best",
    "oracle",
    "posteriors",
    "prune",
    "score_errors",
    "to_bytes",
    "to_json",
    "to_svg",
    "word_posteriors",
]
