#include "decode/trace.h"

#include <algorithm>
#include <limits>
#include <utility>

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
  Merge own = merge;
  own.before = copy.merged;
  merges_.push_back(own);
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

Trace::Places Trace::reached(std::span<const NodeIndex> ends) const {
  Places places{std::vector<NodeIndex>(nodes_.size(), kNone), std::vector<MergeIndex>(merges_.size(), kNone)};
  // First only whether something is kept; what is referred to stands before what refers to it.
  places.nodes[kRoot] = 0;
  for (const NodeIndex end : ends) places.nodes[end] = 0;
  for (std::size_t node = nodes_.size(); node-- > 0;) {
    if (places.nodes[node] == kNone) continue;
    if (nodes_[node].previous != kNone) places.nodes[nodes_[node].previous] = 0;
    for (MergeIndex at = nodes_[node].merged; at != kNone && places.merges[at] == kNone; at = merges_[at].before) {
      places.merges[at] = 0;
      places.nodes[merges_[at].node] = 0;
    }
  }
  const auto number = [](std::vector<std::uint32_t>& kept) {
    std::uint32_t next = 0;
    for (std::uint32_t& place : kept) {
      if (place != kNone) place = next++;
    }
  };
  number(places.nodes);
  number(places.merges);
  return places;
}

void Trace::compact(std::span<NodeIndex> ends) {
  const Places places = reached(ends);
  SharedList<Node> nodes;
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    if (places.nodes[at] == kNone) continue;
    Node node = nodes_[at];
    if (node.previous != kNone) node.previous = places.nodes[node.previous];
    if (node.merged != kNone) node.merged = places.merges[node.merged];
    nodes.push_back(node);
  }
  SharedList<Merge> merges;
  for (std::size_t at = 0; at < merges_.size(); ++at) {
    if (places.merges[at] == kNone) continue;
    Merge merge = merges_[at];
    merge.node = places.nodes[merge.node];
    if (merge.before != kNone) merge.before = places.merges[merge.before];
    merges.push_back(merge);
  }
  nodes_ = std::move(nodes);
  merges_ = std::move(merges);
  for (NodeIndex& end : ends) end = places.nodes[end];
}

}  // namespace stapes::decode
