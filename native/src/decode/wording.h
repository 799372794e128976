// The word lattice of a search: its live histories, and all that was merged into them. stapes.decode.wording of the
// Python package tells how paths are scored; results are the same.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "decode/trace.h"
#include "decode/vocabulary.h"
#include "lattice/graph.h"

namespace stapes::decode {

// How much of what a search holds for possible goes into a lattice; its best path always does.
struct LatticeLimits {
  // In [0, 1]; arcs with a smaller posterior are left out, and before it is known those whose best path is less
  // probable than the best one by more than this factor.
  double posterior = 1e-4;
  // 1 to lattice::kMostArcs; of more arcs those stay through which the best paths lead.
  std::size_t most_arcs = lattice::kMostArcs;
};

// A live history: its last emission, its log-probability, and the part of that which its end is worth.
struct End {
  NodeIndex node;
  double log_prob;
  double expected;
};

// The lattice of the live histories `ends`, of which there is at least one.
lattice::Lattice word_lattice(const Vocabulary& vocabulary, const Trace& trace, std::span<const End> ends,
                              const LatticeLimits& limits);

// `word`, or as much of it as a lattice can hold.
std::string cut(std::string word);

}  // namespace stapes::decode
