#include "decode/hypothesis.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace stapes::decode {
namespace {

struct Emitted {
  Label label;
  std::int32_t frame;
};

struct TimedWord {
  std::string text;
  // Last frame of the word before, and of this one.
  std::int32_t before;
  std::int32_t last;
};

struct KeyHash {
  std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key.low); }
};

// Which of our words they hold at an overlapping time, in order, each of theirs for one of ours.
std::vector<bool> held(const std::vector<TimedWord>& ours, const std::vector<TimedWord>& theirs) {
  std::vector<bool> all;
  std::size_t taken = 0;
  for (const TimedWord& word : ours) {
    std::size_t match = taken;
    while (match < theirs.size() && !(theirs[match].text == word.text && theirs[match].before < word.last &&
                                      word.before < theirs[match].last)) {
      ++match;
    }
    all.push_back(match < theirs.size());
    if (all.back()) taken = match + 1;
  }
  return all;
}

// Share of the beam that holds each word of the best history.
class Presence {
 public:
  Presence(const Vocabulary& vocabulary, const Trace& trace, const std::vector<NodeIndex>& nodes)
      : vocabulary_(vocabulary), trace_(trace) {
    std::vector<Label> labels;
    for (const NodeIndex index : nodes) {
      const Node& node = trace[index];
      best_.push_back({node.label, node.frame});
      labels.push_back(node.label);
      lengths_[node.key] = static_cast<std::size_t>(node.length);
    }
    spans_ = vocabulary.words(labels);
    shares_.assign(spans_.size(), 1.0);
  }

  const std::vector<Span>& spans() const { return spans_; }
  const std::vector<double>& shares() const { return shares_; }

  // Takes off what the histories merged into the best one hold instead.
  void count_merged(const std::vector<NodeIndex>& nodes) {
    for (const NodeIndex node : nodes) {
      for (const Merge& merge : trace_.merged(node)) {
        const double kept = 1.0 / (1.0 + std::exp(merge.log_ratio));
        const auto rejoin = static_cast<std::size_t>(trace_[node].length);
        for (const std::size_t word : missing(merge.node, rejoin)) shares_[word] *= kept;
      }
    }
  }

  // Takes off what the live `rivals` of the best history hold instead.
  void count_live(double log_prob, std::span<const Rival> rivals) {
    double total = 1.0;
    std::vector<double> lost(spans_.size(), 0.0);
    for (const Rival& rival : rivals) {
      const double weight = std::exp(rival.log_prob - log_prob);
      total += weight;
      for (const std::size_t word : missing(rival.node, best_.size())) lost[word] += weight;
    }
    for (std::size_t word = 0; word < shares_.size(); ++word) shares_[word] *= 1.0 - lost[word] / total;
  }

 private:
  // Words of the best history that `rival` lacks; from label `rejoin` on the two are the same.
  std::vector<std::size_t> missing(NodeIndex rival, std::size_t rejoin) const {
    std::vector<Emitted> suffix;
    while (trace_[rival].previous != kNone && !lengths_.contains(trace_[rival].key)) {
      suffix.push_back({trace_[rival].label, trace_[rival].frame});
      rival = trace_[rival].previous;
    }
    const auto known = lengths_.find(trace_[rival].key);
    const std::size_t fork = known == lengths_.end() ? 0 : known->second;
    // A label that does not begin a word belongs to the word before it: widen to whole words.
    std::size_t start = 0;
    std::size_t end = best_.size();
    for (const Span& span : spans_) {
      if (span.first < fork) start = span.first;
      if (span.first >= rejoin) end = std::min(end, span.first);
    }
    // A rival that the best history has meanwhile caught up with lacks nothing.
    if (end <= start) return {};
    std::vector<Emitted> theirs(best_.begin() + at(start), best_.begin() + at(fork));
    theirs.insert(theirs.end(), suffix.rbegin(), suffix.rend());
    if (rejoin < end) theirs.insert(theirs.end(), best_.begin() + at(rejoin), best_.begin() + at(end));
    const std::vector<bool> found =
        held(timed({best_.begin() + at(start), best_.begin() + at(end)}), timed(theirs));
    return lacking(start, end, found);
  }

  std::vector<std::size_t> lacking(std::size_t start, std::size_t end, const std::vector<bool>& found) const {
    std::vector<std::size_t> words;
    std::size_t index = 0;
    for (std::size_t word = 0; word < spans_.size(); ++word) {
      if (spans_[word].first < start || spans_[word].first >= end) continue;
      if (!found[index++]) words.push_back(word);
    }
    return words;
  }

  std::vector<TimedWord> timed(const std::vector<Emitted>& emitted) const {
    std::vector<Label> labels;
    for (const Emitted& each : emitted) labels.push_back(each.label);
    std::vector<TimedWord> words;
    std::int32_t before = -1;
    for (const Span& span : vocabulary_.words(labels)) {
      const std::int32_t last = emitted[span.end - 1].frame;
      const auto own = std::span(labels).subspan(span.first, span.end - span.first);
      words.push_back({vocabulary_.text(own), before, last});
      before = last;
    }
    return words;
  }

  static std::ptrdiff_t at(std::size_t place) { return static_cast<std::ptrdiff_t>(place); }

  const Vocabulary& vocabulary_;
  const Trace& trace_;
  std::vector<Emitted> best_;
  std::unordered_map<Key, std::size_t, KeyHash> lengths_;
  std::vector<Span> spans_;
  std::vector<double> shares_;
};

}  // namespace

Hypothesis describe(const Vocabulary& vocabulary, const Trace& trace, NodeIndex node, double log_prob,
                    std::span<const Rival> rivals, std::int32_t stable_labels, std::int32_t delay_frames) {
  const std::vector<NodeIndex> nodes = trace.emissions(node);
  Hypothesis found{
      .labels = {}, .frames = {}, .log_prob = log_prob, .words = {}, .stable_labels = stable_labels};
  for (const NodeIndex index : nodes) {
    found.labels.push_back(trace[index].label);
    found.frames.push_back(trace[index].frame);
  }
  Presence presence(vocabulary, trace, nodes);
  presence.count_merged(nodes);
  presence.count_live(log_prob, rivals);
  for (std::size_t index = 0; index < presence.spans().size(); ++index) {
    const auto [first, end] = presence.spans()[index];
    std::string text = vocabulary.text(std::span(found.labels).subspan(first, end - first));
    if (text.empty()) continue;
    double evidence = 1.0;
    for (std::size_t label = first; label < end; ++label) evidence *= trace[nodes[label]].posterior;
    found.words.push_back({.text = std::move(text),
                           .start_frame = std::max(0, found.frames[first] - delay_frames),
                           .end_frame = std::max(0, found.frames[end - 1] + 1 - delay_frames),
                           .confidence = std::min(evidence, presence.shares()[index]),
                           .labels_end = static_cast<std::int32_t>(end)});
  }
  return found;
}

}  // namespace stapes::decode
