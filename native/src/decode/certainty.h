// How sure the words of a hypothesis are: their posteriors in the lattice of the same search.
#pragma once

#include <vector>

#include "decode/hypothesis.h"
#include "lattice/graph.h"

namespace stapes::decode {

// The posterior of each word of `hypothesis`, in [0, 1]: the greatest of the arcs with its text and its times, 0
// where `lattice` has none.
std::vector<double> certainties(const Hypothesis& hypothesis, const lattice::Lattice& lattice);

}  // namespace stapes::decode
