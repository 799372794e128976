// Probabilities of arcs and words, by the forward-backward algorithm in the log domain.
//
// Letters: A arcs.
#pragma once

#include <vector>

#include "lattice/graph.h"

namespace stapes::lattice {

// [A] probability in [0, 1] that the path takes the arc.
std::vector<double> posteriors(const Lattice& lattice);

// [A] probability in [0, 1] that the word of each arc was said at its time: the largest sum, over the frames of the
// arc, of the posteriors of all arcs with this word at that frame (C_max of Wessel, Schlueter, Macherey and Ney 2001).
// stapes.lattice.probability of the Python package tells the details. An arc without a word has its own posterior.
std::vector<double> word_posteriors(const Lattice& lattice);

}  // namespace stapes::lattice
