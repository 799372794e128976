#include "decode/merging.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

namespace stapes::decode {
namespace {

// A history by its key: where it is changes while others are merged.
struct Pair {
  Key winner;
  Key loser;
};

History* find(Rivals& contexts, const Key& key) {
  for (std::vector<History>& rivals : contexts) {
    for (History& history : rivals) {
      if (history.key == key) return &history;
    }
  }
  return nullptr;
}

void merge(History& winner, const History& loser, std::int32_t frame, Trace& trace) {
  winner.node = trace.absorb(
      winner.node,
      {.node = loser.node, .before = kNone, .frame = frame, .log_ratio = loser.log_prob - winner.log_prob});
}

// Whether a proper prefix of `history` is live.
bool has_live_prefix(Rivals& contexts, const History& history, const Trace& trace) {
  std::int32_t shortest = std::numeric_limits<std::int32_t>::max();
  for (const std::vector<History>& rivals : contexts) {
    for (const History& other : rivals) shortest = std::min(shortest, other.length);
  }
  for (NodeIndex node = trace[history.node].previous; node != kNone && trace[node].length >= shortest;
       node = trace[node].previous) {
    if (find(contexts, trace[node].key) != nullptr) return true;
  }
  return false;
}

// Labels of `node` after those of `start`, last first; empty if it does not continue `start`.
std::vector<Label> suffix(const Trace& trace, NodeIndex node, const History& start) {
  std::vector<Label> labels;
  for (; trace[node].previous != kNone && trace[node].length > start.length; node = trace[node].previous) {
    labels.push_back(trace[node].label);
  }
  if (trace[node].key != start.key) labels.clear();
  return labels;
}

Key continued(Key key, std::span<const Label> suffix) {
  for (std::size_t index = suffix.size(); index-- > 0;) key = extended(key, suffix[index]);
  return key;
}

// Whether `loser` is the more probable one, or may be when more is found of the last label, which is the same. Both are
// taken to be looked for equally long.
bool may_overtake(const History& loser, const History& winner) {
  return winner.log_prob - loser.log_prob < std::max(0.0, winner.evidence.score - loser.evidence.score);
}

// `other` and its continuations, each behind its match from `best`; none if any may overtake.
std::vector<Pair> dominated(const History& best, const History& other, Rivals& contexts, const Trace& trace) {
  if (has_live_prefix(contexts, other, trace) || may_overtake(other, best)) return {};
  std::vector<Pair> pairs{{best.key, other.key}};
  for (const std::vector<History>& rivals : contexts) {
    for (const History& loser : rivals) {
      const std::vector<Label> labels = suffix(trace, loser.node, other);
      if (labels.empty()) continue;
      const History* const winner = find(contexts, continued(best.key, labels));
      if (winner == nullptr || may_overtake(loser, *winner)) return {};
      pairs.push_back({winner->key, loser.key});
    }
  }
  return pairs;
}

void remove(Rivals& contexts, const Key& key) {
  for (std::vector<History>& rivals : contexts) {
    std::erase_if(rivals, [&key](const History& history) { return history.key == key; });
  }
}

}  // namespace

void merge_settled(Rivals& contexts, std::int32_t frame, Trace& trace) {
  std::vector<Pair> candidates;
  for (const std::vector<History>& rivals : contexts) {
    for (std::size_t index = 1; index < rivals.size(); ++index) {
      candidates.push_back({rivals[0].key, rivals[index].key});
    }
  }
  for (const Pair& candidate : candidates) {
    // An earlier merge of this loop may have taken either of them along.
    const History* const best = find(contexts, candidate.winner);
    const History* const other = find(contexts, candidate.loser);
    if (best == nullptr || other == nullptr) continue;
    for (const Pair& pair : dominated(*best, *other, contexts, trace)) {
      merge(*find(contexts, pair.winner), *find(contexts, pair.loser), frame, trace);
      remove(contexts, pair.loser);
    }
  }
}

void merge_surplus(Rivals& contexts, std::size_t count, std::int32_t frame, Trace& trace) {
  for (std::vector<History>& rivals : contexts) {
    for (std::size_t index = count; index < rivals.size(); ++index)
      merge(rivals[0], rivals[index], frame, trace);
    if (rivals.size() > count) rivals.resize(count);
  }
}

}  // namespace stapes::decode
