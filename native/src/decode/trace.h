// What a search remembers: emissions linked backwards, with the histories that were merged into them.
//
// All nodes of a search state lie in one list, in which what a node refers to stands before it; so the state is
// a value that is copied as such. What no live history reaches any more is left out from time to time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decode/shared_list.h"
#include "decode/vocabulary.h"

namespace stapes::decode {

// Identity of a label sequence, whatever its alignment: with 128 bits two different ones never meet in
// practice.
struct Key {
  std::uint64_t high = 1;
  std::uint64_t low = 1;

  bool operator==(const Key&) const = default;
};

// The key of the sequence with `key` followed by `label`.
Key extended(const Key& key, Label label);

using NodeIndex = std::uint32_t;
using MergeIndex = std::uint32_t;
inline constexpr std::uint32_t kNone = 0xFFFFFFFF;
inline constexpr NodeIndex kRoot = 0;

// One emitted label on the best alignment of a label sequence; the root stands for the empty sequence.
struct Node {
  NodeIndex previous = kNone;
  // The newest of the histories that ended here because this one has the same future and is more probable.
  MergeIndex merged = kNone;
  Label label = kBlank;
  // Encoder frame of the emission; -1 at the root.
  std::int32_t frame = -1;
  // Labels in the sequence.
  std::int32_t length = 0;
  // Of the sequence, over all alignments that were merged when the label was emitted, with what was expected.
  double log_prob = 0;
  // Probability of the label against the alternatives at its frame.
  double posterior = 1;
  // The part of `log_prob` that comes from what was expected.
  double expected = 0;
  Key key;
};

// A less probable history with the same future, which continues as the node that holds it.
struct Merge {
  NodeIndex node;
  // The merge into the same node before this one; kNone if there is none.
  MergeIndex before;
  // Encoder frame after which both were one.
  std::int32_t frame;
  // Log-probability of the history minus that of its holder at that frame, at most 0.
  double log_ratio;
};

class Trace {
 public:
  Trace() { nodes_.push_back({}); }

  const Node& operator[](NodeIndex index) const { return nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }

  // The node of the sequence that ends in `node` followed by `label`, which scores `expected` for being
  // expected.
  NodeIndex emit(NodeIndex node, Label label, std::int32_t frame, double log_prob, double posterior,
                 double expected);
  // A copy of `node` with one more merged history.
  NodeIndex absorb(NodeIndex node, const Merge& merge);
  // What was merged into `node`, the oldest first.
  std::vector<Merge> merged(NodeIndex node) const;
  // The nodes from the first label to `node`, without the root.
  std::vector<NodeIndex> emissions(NodeIndex node) const;
  // Number of first labels that the sequences of all `ends` have in common.
  std::int32_t shared_labels(std::span<const NodeIndex> ends) const;

  // Leaves out what `ends` do not reach, and puts their new places into them.
  void compact(std::span<NodeIndex> ends);

 private:
  NodeIndex cut(NodeIndex node, std::int32_t length) const;

  // Places of the nodes and merges that `ends` reach, kNone for the others.
  struct Places {
    std::vector<NodeIndex> nodes;
    std::vector<MergeIndex> merges;
  };
  Places reached(std::span<const NodeIndex> ends) const;

  SharedList<Node> nodes_;
  SharedList<Merge> merges_;
};

}  // namespace stapes::decode
