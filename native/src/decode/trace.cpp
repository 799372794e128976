#include "decode/trace.h"

#include <algorithm>
#include <limits>

namespace stapes::decode {
namespace {

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

Key extended(const Key& key, Label label) {
  const auto number = static_cast<std::uint64_t>(label) + 1;
  return {.high = mixed(key.high * 0x9E3779B97F4A7C15 + number),
          .low = mixed(key.low * 0xD1342543DE82EF95 + number)};
}

NodeIndex Trace::emit(NodeIndex node, Label label, std::int32_t frame, double log_prob, double posterior,
                      double expected) {
  const Node& before = nodes_[node];
  const Node next{.previous = node,
                  .merged = kNone,
                  .label = label,
                  .frame = frame,
                  .length = before.length + 1,
                  .log_prob = log_prob,
                  .posterior = posterior,
                  .expected = before.expected + expected,
                  .key = extended(before.key, label)};
  nodes_.push_back(next);
  return static_cast<NodeIndex>(nodes_.size() - 1);
}

NodeIndex Trace::absorb(NodeIndex node, const Merge& merge) {
  Node copy = nodes_[node];
  merges_.push_back(merge);
  merges_.back().before = copy.merged;
  copy.merged = static_cast<MergeIndex>(merges_.size() - 1);
  nodes_.push_back(copy);
  return static_cast<NodeIndex>(nodes_.size() - 1);
}

std::vector<Merge> Trace::merged(NodeIndex node) const {
  std::vector<Merge> all;
  for (MergeIndex at = nodes_[node].merged; at != kNone; at = merges_[at].before) all.push_back(merges_[at]);
  std::reverse(all.begin(), all.end());
  return all;
}

std::vector<NodeIndex> Trace::emissions(NodeIndex node) const {
  std::vector<NodeIndex> nodes;
  for (; nodes_[node].previous != kNone; node = nodes_[node].previous) nodes.push_back(node);
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

NodeIndex Trace::cut(NodeIndex node, std::int32_t length) const {
  while (nodes_[node].length > length) node = nodes_[node].previous;
  return node;
}

std::int32_t Trace::shared_labels(std::span<const NodeIndex> ends) const {
  std::int32_t shortest = std::numeric_limits<std::int32_t>::max();
  for (const NodeIndex end : ends) shortest = std::min(shortest, nodes_[end].length);
  std::vector<NodeIndex> nodes(ends.begin(), ends.end());
  for (;; --shortest) {
    for (NodeIndex& node : nodes) node = cut(node, shortest);
    const Key& first = nodes_[nodes[0]].key;
    if (std::all_of(nodes.begin(), nodes.end(), [&](NodeIndex node) { return nodes_[node].key == first; })) {
      return shortest;
    }
  }
}

void Trace::compact(std::span<NodeIndex> ends) {
  std::vector<NodeIndex> node_places(nodes_.size(), kNone);
  std::vector<MergeIndex> merge_places(merges_.size(), kNone);
  // First only whether something is kept; what is referred to stands before what refers to it.
  node_places[kRoot] = 0;
  for (const NodeIndex end : ends) node_places[end] = 0;
  for (std::size_t node = nodes_.size(); node-- > 0;) {
    if (node_places[node] == kNone) continue;
    if (nodes_[node].previous != kNone) node_places[nodes_[node].previous] = 0;
    for (MergeIndex at = nodes_[node].merged; at != kNone && merge_places[at] == kNone;
         at = merges_[at].before) {
      merge_places[at] = 0;
      node_places[merges_[at].node] = 0;
    }
  }
  std::uint32_t kept = 0;
  for (std::uint32_t at = 0; at < merges_.size(); ++at) {
    if (merge_places[at] == kNone) continue;
    merge_places[at] = kept;
    merges_[kept] = merges_[at];
    if (merges_[kept].before != kNone) merges_[kept].before = merge_places[merges_[kept].before];
    ++kept;
  }
  merges_.resize(kept);
  kept = 0;
  for (std::uint32_t at = 0; at < nodes_.size(); ++at) {
    if (node_places[at] == kNone) continue;
    node_places[at] = kept;
    Node& node = nodes_[kept++] = nodes_[at];
    if (node.previous != kNone) node.previous = node_places[node.previous];
    if (node.merged != kNone) node.merged = merge_places[node.merged];
  }
  nodes_.resize(kept);
  for (Merge& merge : merges_) merge.node = node_places[merge.node];
  for (NodeIndex& end : ends) end = node_places[end];
}

}  // namespace stapes::decode
