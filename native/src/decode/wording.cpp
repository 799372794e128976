#include "decode/wording.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stapes::decode {
namespace {

constexpr lattice::Node kStart = 0;
constexpr lattice::Node kEnd = 1;
// Ways looked at within one word; speech needs some hundred.
constexpr std::size_t kMostSteps = 20'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A word while it is read backwards, from `node` and before its tail. Its score is that of the path up to the end of
// the word, merges taken included.
struct Way {
  NodeIndex node;
  // Place of what was read last among all that is read of this word; kNone before that.
  std::uint32_t tail;
  double score;
  double context;
};

// An emission of a word, and what was read before it, which follows it.
struct Tail {
  NodeIndex node;
  std::uint32_t rest;
};

class Builder {
 public:
  Builder(const Vocabulary& vocabulary, const Trace& trace, double margin)
      : vocabulary_(vocabulary), trace_(trace), margin_(margin) {}

  // Goes back from the end, along the best paths first: a node is expanded when the best path through it is known.
  void expand(std::span<const End> ends) {
    std::vector<Way> ways;
    double best = -kInfinity;
    for (const End& end : ends) {
      ways.push_back({end.node, kNone, end.log_prob, end.expected});
      best = std::max(best, end.log_prob);
    }
    enter(kEnd, ways, best);
    std::vector<bool> expanded(trace_.size());
    while (!queue_.empty()) {
      const auto [gap, place, node] = queue_.top();
      queue_.pop();
      if (expanded[node]) continue;
      expanded[node] = true;
      const double score = trace_[node].log_prob;
      enter(place, {{node, kNone, score, 0.0}}, score + gap);
    }
  }

  // The `count` arcs with the best paths through them, and all of the best path.
  std::vector<lattice::Arc> best_arcs(std::size_t count) {
    std::stable_sort(arcs_.begin(), arcs_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<lattice::Arc> arcs;
    for (std::size_t rank = 0; rank < arcs_.size(); ++rank) {
      if (rank < count || arcs_[rank].first <= 0.0) arcs.push_back(std::move(arcs_[rank].second));
    }
    return arcs;
  }

  std::size_t nodes() const { return 2 + places_.size(); }

 private:
  // Adds the arcs of the words that end in `target`; a way with the score `best` lies on the best path.
  void enter(lattice::Node target, const std::vector<Way>& ways, double best) {
    for (const Way& way : words(ways, best - margin_)) {
      const double gap = best - way.score;
      lattice::Node place = kStart;
      if (trace_[way.node].previous != kNone) {
        place = places_.try_emplace(way.node, static_cast<lattice::Node>(nodes())).first->second;
        queue_.emplace(gap, place, way.node);
      }
      arcs_.emplace_back(gap, arc(place, target, way));
    }
  }

  // `ways` and all that was merged into them, back to the beginning of the word, from `floor` up, the best first.
  // After kMostSteps the rest is left: in sound that a network cannot make words of, the ways through one endless word
  // are too many to count.
  std::vector<Way> words(const std::vector<Way>& ways, double floor) {
    tails_.clear();
    std::vector<Way> found;
    // By score, then by when a way was found.
    using Entry = std::tuple<double, std::size_t, Way>;
    const auto later = [](const Entry& a, const Entry& b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) > std::tie(std::get<0>(b), std::get<1>(b));
    };
    std::priority_queue<Entry, std::vector<Entry>, decltype(later)> queue(later);
    std::size_t number = 0;
    const auto push = [&](const Way& way) {
      if (way.score >= floor) queue.emplace(-way.score, number++, way);
    };
    for (const Way& way : ways) push(way);
    for (std::size_t rank = 0; !queue.empty() && rank <= kMostSteps; ++rank) {
      const Way way = std::get<2>(queue.top());
      queue.pop();
      const Node& node = trace_[way.node];
      for (const Merge& merge : trace_.merged(way.node)) {
        push({merge.node, way.tail, way.score + merge.log_ratio, way.context});
      }
      if (node.previous == kNone) {
        found.push_back(way);
        continue;
      }
      tails_.push_back({way.node, way.tail});
      const Way before{.node = node.previous,
                       .tail = static_cast<std::uint32_t>(tails_.size() - 1),
                       .score = way.score,
                       .context = way.context + node.expected - trace_[node.previous].expected};
      if (vocabulary_.begins(node.label)) {
        found.push_back(before);
      } else {
        push(before);
      }
    }
    return found;
  }

  // The arc of a whole word; without a word where nothing was said at all.
  lattice::Arc arc(lattice::Node source, lattice::Node target, const Way& way) const {
    const double acoustic = way.score - trace_[way.node].log_prob - way.context;
    lattice::Arc arc{source, target, "", 0, 0, acoustic, way.context};
    std::vector<Label> labels;
    for (std::uint32_t at = way.tail; at != kNone; at = tails_[at].rest) {
      const Node& node = trace_[tails_[at].node];
      if (labels.empty()) arc.start_frame = node.frame;
      labels.push_back(node.label);
      arc.end_frame = node.frame + 1;
    }
    arc.word = cut(vocabulary_.text(labels));
    return arc;
  }

  const Vocabulary& vocabulary_;
  const Trace& trace_;
  double margin_;
  std::unordered_map<NodeIndex, lattice::Node> places_;
  using Entry = std::tuple<double, lattice::Node, NodeIndex>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  // With the gap between the best path and the best one through the arc.
  std::vector<std::pair<double, lattice::Arc>> arcs_;
  // Of the word that is being read.
  std::vector<Tail> tails_;
};

}  // namespace

std::string cut(std::string word) {
  if (word.size() <= lattice::kMostWordBytes) return word;
  std::size_t end = lattice::kMostWordBytes;
  // No character is cut in two.
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;
  word.resize(end);
  return word;
}

lattice::Lattice word_lattice(const Vocabulary& vocabulary, const Trace& trace, std::span<const End> ends,
                              const LatticeLimits& limits) {
  Builder builder(vocabulary, trace, limits.posterior > 0 ? -std::log(limits.posterior) : kInfinity);
  builder.expand(ends);
  const std::vector<lattice::Arc> arcs = builder.best_arcs(limits.most_arcs);
  std::vector<std::int32_t> frames(builder.nodes());
  for (const lattice::Arc& arc : arcs) frames[arc.target] = std::max(frames[arc.target], arc.end_frame);
  return lattice::prune(lattice::assemble(frames, arcs, kStart, kEnd), limits.posterior);
}

}  // namespace stapes::decode
