#include "decode/beam.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "decode/greedy.h"
#include "error.h"
#include "sentence.h"

namespace stapes::decode {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLowest = std::numeric_limits<double>::lowest();
// What a label scores at least with a CTC head, in nats before the factor; of its logits.
constexpr double kLowestEvidence = -8.0;
constexpr double kLogitStep = 0x1p-10;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kConfig, std::move(text)); }

const BeamConfig& checked(const BeamConfig& config) {
  if (config.beam < 1) refuse(sentence("search: beam is ", config.beam, "; 1 or more is accepted"));
  if (!(config.score_beam >= 0)) {
    refuse(sentence("search: score_beam is ", shown(config.score_beam), "; 0 or more is accepted"));
  }
  if (config.histories < 1)
    refuse(sentence("search: histories is ", config.histories, "; 1 or more is accepted"));
  return config;
}

// Probability of a label among all labels but blank; rounding must not lift it above 1.
double posterior(double log_prob, double log_blank) {
  const double prob = std::exp(log_prob);
  return prob / std::max(prob, -std::expm1(std::min(log_blank, 0.0)));
}

// The sum of two probabilities.
double log_add(double a, double b) { return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b))); }

std::size_t most_probable(const BeamState& state) {
  const auto best = std::max_element(state.log_probs.begin(), state.log_probs.end());
  return static_cast<std::size_t>(best - state.log_probs.begin());
}

// Index of `context` in `contexts`, where it is entered if it is not there.
std::size_t place_of(const Grouping& context, std::vector<Grouping>& contexts) {
  const auto found = std::find(contexts.begin(), contexts.end(), context);
  const auto place = static_cast<std::size_t>(found - contexts.begin());
  if (found == contexts.end()) contexts.push_back(context);
  return place;
}

// `rows` with the row of each of `contexts`: those of `loaded` are moved, for the others `make` is called.
template <typename Number, typename Make>
kernels::Aligned<Number> moved_rows(const kernels::Aligned<Number>& rows, const std::vector<Grouping>& loaded,
                                    const std::vector<Grouping>& contexts, std::size_t width, Make make) {
  kernels::Aligned<Number> next(contexts.size() * width);
  for (std::size_t index = 0; index < contexts.size(); ++index) {
    const auto row = std::span(next).subspan(index * width, width);
    const auto known = std::find(loaded.begin(), loaded.end(), contexts[index]);
    if (known == loaded.end()) {
      make(contexts[index], row);
    } else {
      const auto place = static_cast<std::size_t>(known - loaded.begin());
      const auto own = std::span(rows).subspan(place * width, width);
      std::copy(own.begin(), own.end(), row.begin());
    }
  }
  return next;
}

}  // namespace

NodeIndex ending(const BeamState& state) { return state.nodes[most_probable(state)]; }

BeamSearch::BeamSearch(Scorer& scorer, const Vocabulary& vocabulary, std::vector<Expectation*> expected,
                       const BeamConfig& config)
    : scorer_(scorer),
      vocabulary_(vocabulary),
      expected_(std::move(expected), vocabulary.size()),
      config_(checked(config)),
      ctc_(scorer.ctc()),
      predictions_(scorer),
      seen_(vocabulary.size()),
      lowest_(ctc_.scale * kLowestEvidence) {
  for (Label label = 0; label < static_cast<Label>(vocabulary.size()); ++label) {
    mask_.push_back(vocabulary.emittable(label) ? 0.0 : -kInfinity);
  }
  hoped_ = mask_;
}

BeamState BeamSearch::init_state() {
  BeamState state;
  state.nodes = {kRoot};
  state.log_probs = {0.0};
  state.places = {0};
  state.heads = {0};
  state.contexts = {{.labels = {}, .expected = expected_.start()}};
  state.evidence = {Evidence{}};
  return state;
}

void BeamSearch::advance(std::span<const std::int16_t> frames, BeamState& state) {
  const std::size_t joint = scorer_.joint(), width = scorer_.frame_width();
  for (; !frames.empty(); frames = frames.subspan(width)) {
    if (state.contexts != loaded_) load_rows(state.contexts);
    scorer_.join(frames.first(joint), prediction_rows_, scores_);
    look(frames.first(width), state);
    step(state);
  }
}

void BeamSearch::look(std::span<const std::int16_t> frame, const BeamState& state) {
  found_ = state.evidence;
  if (!(ctc_.scale > 0)) return;
  const auto logits = frame.subspan(scorer_.joint());
  for (std::size_t label = 0; label < seen_.size(); ++label) {
    const double ahead = kLogitStep * (logits[label] - logits[kBlank]);
    seen_[label] = ctc_.scale * std::max(ahead, kLowestEvidence);
    hoped_[label] = mask_[label] + seen_[label];
  }
  for (std::size_t index = 0; index < found_.size(); ++index) {
    const Node& last = state.trace[state.nodes[index]];
    const bool open = state.frames - last.frame <= ctc_.frames;
    found_[index] = later(found_[index], seen_[static_cast<std::size_t>(last.label)], open, lowest_);
  }
}

void BeamSearch::load_rows(const std::vector<Grouping>& contexts) {
  prediction_rows_ = moved_rows(prediction_rows_, loaded_, contexts, scorer_.joint(),
                                [this](const Grouping& context, std::span<std::int16_t> row) {
                                  const auto own = predictions_.row(context.labels);
                                  std::copy(own.begin(), own.end(), row.begin());
                                });
  expected_rows_ = moved_rows(
      expected_rows_, loaded_, contexts, vocabulary_.size(),
      [this](const Grouping& context, std::span<float> row) { expected_.scores(context.expected, row); });
  scores_.resize(expected_rows_.size());
  loaded_ = contexts;
}

void BeamSearch::step(BeamState& state) {
  const std::size_t vocabulary = vocabulary_.size();
  stayed_.resize(state.nodes.size());
  bool none_found = true;
  for (std::size_t index = 0; index < stayed_.size(); ++index) {
    const auto blank = static_cast<double>(scores_[state.places[index] * vocabulary]);
    const double more = found_[index].score - state.evidence[index].score;
    stayed_[index] = state.log_probs[index] + blank + more;
    none_found = none_found && more == 0;
  }
  extend_all(state);
  const double best_extended = *std::max_element(best_extended_.begin(), best_extended_.end());
  double best = std::max(*std::max_element(stayed_.begin(), stayed_.end()), best_extended);
  // A row that is not a number is so everywhere, at blank, too.
  if (std::any_of(stayed_.begin(), stayed_.end(), [](double log_prob) { return std::isnan(log_prob); })) {
    best = std::numeric_limits<double>::quiet_NaN();
  }
  require_probability(best, state.frames);
  const double floor = std::max(best - config_.score_beam, kLowest);
  // Most frames are blank to every history: none comes or goes, and the order in a context stays.
  const bool all_stay = best_extended < floor && floor <= *std::min_element(stayed_.begin(), stayed_.end());
  if (all_stay && none_found) {
    state.log_probs = stayed_;
    state.evidence = found_;
    ++state.frames;
    return;
  }
  Frame frame{.histories = {}, .contexts = state.contexts};
  stay(state, floor, frame);
  extend(state, floor, frame);
  Rivals contexts = prune(frame);
  merge_settled(contexts, state.frames, state.trace);
  merge_surplus(contexts, config_.histories, state.frames, state.trace);
  pack(contexts, std::move(frame.contexts), state);
}

void BeamSearch::extend_all(const BeamState& state) {
  const std::size_t vocabulary = vocabulary_.size();
  extended_.resize(state.contexts.size() * vocabulary);
  best_extended_.resize(state.contexts.size());
  for (std::size_t place = 0; place < state.contexts.size(); ++place) {
    // What may be repeated is found anew, here by the best history.
    const auto last = static_cast<std::size_t>(state.contexts[place].labels.newer);
    hoped_[last] = mask_[last] + repeated(state.evidence[state.heads[place]], seen_[last], lowest_).score;
    best_extended_[place] = table_->extend({.before = state.log_probs[state.heads[place]],
                                            .heard = scores_.data() + place * vocabulary,
                                            .expected = expected_rows_.data() + place * vocabulary,
                                            .hoped = hoped_.data(),
                                            .count = vocabulary,
                                            .extended = extended_.data() + place * vocabulary});
    hoped_[last] = mask_[last] + seen_[last];
  }
}

void BeamSearch::stay(const BeamState& state, double floor, Frame& frame) const {
  for (std::size_t index = 0; index < state.nodes.size(); ++index) {
    if (stayed_[index] < floor) continue;
    const Node& node = state.trace[state.nodes[index]];
    frame.histories.push_back({.node = state.nodes[index],
                               .log_prob = stayed_[index],
                               .place = state.places[index],
                               .key = node.key,
                               .length = node.length,
                               .evidence = found_[index]});
  }
}

void BeamSearch::extend(BeamState& state, double floor, Frame& frame) {
  const std::size_t vocabulary = vocabulary_.size();
  for (const auto& [place, label] : best_extensions(state.contexts.size(), floor)) {
    const std::size_t at = place * vocabulary + static_cast<std::size_t>(label);
    const auto heard = static_cast<double>(scores_[at]);
    const auto hoped = static_cast<double>(expected_rows_[at]);
    const double seen = seen_[static_cast<std::size_t>(label)];
    const double own_posterior = posterior(heard, static_cast<double>(scores_[place * vocabulary]));
    const Grouping& reached = state.contexts[place];
    const Grouping context{.labels = {.older = reached.labels.newer, .newer = label},
                           .expected = expected_.step(reached.expected, label)};
    const bool again = label == reached.labels.newer;
    const std::size_t end = place + 1 < state.heads.size() ? state.heads[place + 1] : state.nodes.size();
    for (std::size_t index = state.heads[place]; index < end; ++index) {
      const Evidence found = again ? repeated(state.evidence[index], seen, lowest_) : emitted(seen);
      const double log_prob = state.log_probs[index] + heard + hoped + found.score;
      if (log_prob < floor) continue;
      const NodeIndex from = state.nodes[index];
      const Key key = extended(state.trace[from].key, label);
      // Named again, since clang before 16 captures no parts of a pair.
      const auto emit = [&, label = label](double total) {
        return state.trace.emit(from, label, state.frames, total, own_posterior, hoped);
      };
      const auto known = std::find_if(frame.histories.begin(), frame.histories.end(),
                                      [&key](const History& history) { return history.key == key; });
      if (known == frame.histories.end()) {
        const std::int32_t length = state.trace[from].length + 1;
        frame.histories.push_back(
            {emit(log_prob), log_prob, place_of(context, frame.contexts), key, length, found});
        continue;
      }
      const double total = log_add(known->log_prob, log_prob);
      if (log_prob > known->log_prob) {
        known->node = emit(total);
        known->evidence = found;
      }
      known->log_prob = total;
    }
  }
}

std::vector<BeamSearch::Extension> BeamSearch::best_extensions(std::size_t contexts, double floor) const {
  const auto all = std::span(extended_).first(contexts * vocabulary_.size());
  std::vector<std::size_t> chosen;
  for (std::size_t place = 0; place < contexts; ++place) {
    if (best_extended_[place] < floor) continue;
    for (std::size_t at = place * vocabulary_.size(); at < (place + 1) * vocabulary_.size(); ++at) {
      if (all[at] >= floor) chosen.push_back(at);
    }
  }
  if (chosen.size() > config_.beam) {
    std::vector<double> values;
    for (const std::size_t at : chosen) values.push_back(all[at]);
    const auto last = values.begin() + static_cast<std::ptrdiff_t>(config_.beam - 1);
    std::nth_element(values.begin(), last, values.end(), std::greater<>());
    const double limit = *last;
    auto room = static_cast<std::ptrdiff_t>(config_.beam) -
                std::count_if(chosen.begin(), chosen.end(), [&](std::size_t at) { return all[at] > limit; });
    // Of those at the limit the first stay.
    std::erase_if(chosen,
                  [&](std::size_t at) { return all[at] < limit || (all[at] == limit && room-- <= 0); });
  }
  std::vector<Extension> extensions;
  for (const std::size_t at : chosen) {
    extensions.push_back({at / vocabulary_.size(), static_cast<Label>(at % vocabulary_.size())});
  }
  return extensions;
}

Rivals BeamSearch::prune(Frame& frame) const {
  const auto falling = [](const History& a, const History& b) { return a.log_prob > b.log_prob; };
  // By context in the order in which they first come.
  Rivals contexts;
  std::vector<std::size_t> index_of(frame.contexts.size(), frame.contexts.size());
  for (const History& history : frame.histories) {
    std::size_t& index = index_of[history.place];
    if (index == frame.contexts.size()) {
      index = contexts.size();
      contexts.emplace_back();
    }
    contexts[index].push_back(history);
  }
  for (std::vector<History>& rivals : contexts) std::stable_sort(rivals.begin(), rivals.end(), falling);
  std::stable_sort(contexts.begin(), contexts.end(),
                   [&](const auto& a, const auto& b) { return falling(a.front(), b.front()); });
  if (contexts.size() > config_.beam) contexts.resize(config_.beam);
  return contexts;
}

void BeamSearch::pack(const Rivals& contexts, std::vector<Grouping> groupings, BeamState& state) {
  state.nodes.clear();
  state.log_probs.clear();
  state.places.clear();
  state.heads.clear();
  state.contexts.clear();
  state.evidence.clear();
  for (const std::vector<History>& rivals : contexts) {
    state.heads.push_back(state.nodes.size());
    for (const History& history : rivals) {
      state.nodes.push_back(history.node);
      state.log_probs.push_back(history.log_prob);
      state.evidence.push_back(history.evidence);
      state.places.push_back(state.contexts.size());
    }
    state.contexts.push_back(groupings[rivals.front().place]);
  }
  ++state.frames;
  ++state.changes;
  if (state.trace.size() > state.most_nodes) {
    state.trace.compact(state.nodes);
    state.most_nodes = 2 * state.trace.size() + 1024;
  }
}

std::vector<double> BeamSearch::finals(const BeamState& state) {
  std::vector<double> by_context;
  for (const Grouping& context : state.contexts) by_context.push_back(expected_.final(context.expected));
  std::vector<double> finals;
  for (const std::size_t place : state.places) finals.push_back(by_context[place]);
  // Where none may end, all may.
  if (std::none_of(finals.begin(), finals.end(), [](double final) { return std::isfinite(final); })) {
    std::fill(finals.begin(), finals.end(), 0.0);
  }
  return finals;
}

lattice::Lattice BeamSearch::lattice(const BeamState& state, const LatticeLimits& limits) {
  const std::vector<double> finals = this->finals(state);
  std::vector<End> ends;
  for (std::size_t index = 0; index < finals.size(); ++index) {
    if (!std::isfinite(finals[index])) continue;
    ends.push_back({state.nodes[index], state.log_probs[index] + finals[index], finals[index]});
  }
  return word_lattice(vocabulary_, state.trace, ends, limits);
}

double BeamSearch::log_blank(std::span<const std::int16_t> frame, const BeamState& state) {
  const Grouping& context = state.contexts[state.places[most_probable(state)]];
  std::vector<float> scores(vocabulary_.size());
  scorer_.join(frame.first(scorer_.joint()), predictions_.row(context.labels), scores);
  return static_cast<double>(scores[kBlank]);
}

Hypothesis BeamSearch::result(const BeamState& state) {
  std::vector<double> totals = finals(state);
  for (std::size_t index = 0; index < totals.size(); ++index) totals[index] += state.log_probs[index];
  const auto best = static_cast<std::size_t>(std::max_element(totals.begin(), totals.end()) - totals.begin());
  std::vector<Rival> rivals;
  for (std::size_t index = 0; index < totals.size(); ++index) {
    if (index != best) rivals.push_back({state.nodes[index], totals[index]});
  }
  return describe(vocabulary_, state.trace, state.nodes[best], totals[best], rivals,
                  state.trace.shared_labels(state.nodes), 0);
}

}  // namespace stapes::decode
