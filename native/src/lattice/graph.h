// The lattice: what may have been said, as a directed acyclic graph over words (spec/lattice.md).
//
// Letters: N nodes, A arcs. Node 0 is the start, node N-1 the end, every arc leads to a higher node, and every node
// lies on a path from start to end.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stapes::lattice {

inline constexpr std::size_t kMostArcs = 1 << 16;
inline constexpr std::size_t kMostWordBytes = 255;

using Node = std::uint32_t;

// One word between two nodes.
struct Arc {
  Node source;
  Node target;
  // UTF-8; the empty word says nothing.
  std::string word;
  // First frame of the word, and one past its last.
  std::int32_t start_frame;
  std::int32_t end_frame;
  // Log scores of the sound and of what is expected, in nats.
  double acoustic;
  double context;

  double score() const { return acoustic + context; }
  auto operator<=>(const Arc&) const = default;
};

// Half-open range of arcs.
struct ArcRange {
  std::size_t first;
  std::size_t end;
};

struct Lattice {
  // [N] frame of each node, never falling.
  std::vector<std::int32_t> frames;
  // [A] sorted.
  std::vector<Arc> arcs;

  std::size_t end() const { return frames.size() - 1; }
  // [N] the arcs that leave each node.
  std::vector<ArcRange> leaving() const;
};

// The lattice of a graph whose nodes come in any order, by the numbers of `frames`, and whose arcs form no cycle;
// what lies on no path from `start` to `end` is left out, and at least one path does.
Lattice assemble(std::span<const std::int32_t> frames, std::span<const Arc> arcs, Node start, Node end);

// The arcs of the best path, in order; among equals those that come first.
std::vector<std::size_t> best_path(const Lattice& lattice);

// `lattice` without arcs whose posterior is smaller than `posterior`, and without what then lies on no path from
// start to end. The best path always stays.
Lattice prune(const Lattice& lattice, double posterior);

}  // namespace stapes::lattice
