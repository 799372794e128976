#include "decode/ngram.h"

#include <algorithm>
#include <utility>

namespace stapes::decode {

Children::Children(Numbers counts) : counts_(std::move(counts)) {
  places_.reserve(counts_.size() / kBlock + 1);
  for (std::size_t index = 0; index < counts_.size(); ++index) {
    if (index % kBlock == 0) places_.push_back(static_cast<std::uint32_t>(total_));
    total_ += counts_[index];
  }
}

std::pair<std::size_t, std::size_t> Children::of(std::size_t index) const {
  std::size_t first = places_[index / kBlock];
  for (std::size_t before = index - index % kBlock; before < index; ++before) first += counts_[before];
  return {first, first + counts_[index]};
}

std::size_t Children::parent(std::size_t place) const {
  const auto behind = std::upper_bound(places_.begin(), places_.end(), place);
  const auto block = static_cast<std::size_t>(behind - places_.begin()) - 1;
  std::size_t index = block * kBlock;
  for (std::size_t end = places_[block] + counts_[index]; end <= place; end += counts_[index]) ++index;
  return index;
}

NGram::NGram(const NGramTables& tables) : tables_(tables), before_{0, 1} {
  for (std::size_t order = 1; order < tables.orders.size(); ++order) {
    before_.push_back(before_.back() + tables.orders[order - 1].labels.size());
  }
}

Expectation::State NGram::start() {
  const Label boundary = kBlank;
  return state_of(longest({&boundary, 1}));
}

void NGram::scores(const State& state, std::span<float> row) {
  row_of(place_of(state), row);
  for (float& score : row) score = score * tables_.scale + tables_.reward;
}

Expectation::State NGram::step(const State& state, Label label) {
  std::vector<Label> labels = labels_of(place_of(state));
  labels.push_back(label);
  return state_of(longest(labels));
}

double NGram::final(const State& state) {
  // What is asked is the log-probability of the boundary alone: back off until an n-gram has it.
  std::vector<float> weights;
  Place place = place_of(state);
  for (;;) {
    Place found = place;
    if (follow(found, kBlank)) {
      float log_prob = tables_.orders[found.order - 1].log_probs[found.index];
      for (std::size_t index = weights.size(); index-- > 0;) log_prob += weights[index];
      return static_cast<double>(log_prob * tables_.scale);
    }
    weights.push_back(tables_.orders[place.order - 1].backoffs[place.index]);
    place = longest(std::span<const Label>(labels_of(place)).subspan(1));
  }
}

NGram::Place NGram::place_of(const State& state) const {
  std::size_t order = 0;
  while (order + 1 < before_.size() && state.number >= before_[order + 1]) ++order;
  return {order, state.number - before_[order]};
}

Expectation::State NGram::state_of(const Place& place) const {
  return {.number = before_[place.order] + place.index, .detail = nullptr};
}

std::pair<std::size_t, std::size_t> NGram::arcs(const Place& place) const {
  if (place.order == 0) return {0, tables_.orders[0].labels.size()};
  return tables_.orders[place.order - 1].children.of(place.index);
}

bool NGram::follow(Place& place, Label label) const {
  const auto [first, end] = arcs(place);
  const auto found = tables_.orders[place.order].labels.visit([&, from = first, to = end](const auto& labels) {
    const auto begin = labels.begin() + static_cast<std::ptrdiff_t>(from);
    const auto stop = labels.begin() + static_cast<std::ptrdiff_t>(to);
    const auto at = std::lower_bound(begin, stop, label);
    return at == stop || *at != label ? labels.size() : static_cast<std::size_t>(at - labels.begin());
  });
  if (found == tables_.orders[place.order].labels.size()) return false;
  place = {place.order + 1, found};
  return true;
}

std::vector<Label> NGram::labels_of(Place place) const {
  std::vector<Label> labels;
  for (; place.order > 0; --place.order) {
    labels.push_back(tables_.orders[place.order - 1].labels[place.index]);
    if (place.order == 1) break;
    place.index = tables_.orders[place.order - 2].children.parent(place.index);
  }
  std::reverse(labels.begin(), labels.end());
  return labels;
}

NGram::Place NGram::longest(std::span<const Label> labels) const {
  for (; !labels.empty(); labels = labels.subspan(1)) {
    // The n-grams of the highest order are no contexts.
    if (labels.size() >= tables_.orders.size()) continue;
    Place place{0, 0};
    if (std::all_of(labels.begin(), labels.end(), [&](Label label) { return follow(place, label); }))
      return place;
  }
  return {0, 0};
}

void NGram::row_of(const Place& place, std::span<float> row) const {
  if (place.order == 0) {
    std::fill(row.begin(), row.end(), 0.0f);
  } else {
    row_of(longest(std::span<const Label>(labels_of(place)).subspan(1)), row);
    const float weight = tables_.orders[place.order - 1].backoffs[place.index];
    for (float& log_prob : row) log_prob += weight;
  }
  const NGramOrder& next = tables_.orders[place.order];
  const auto [first, end] = arcs(place);
  for (std::size_t arc = first; arc < end; ++arc) row[next.labels[arc]] = next.log_probs[arc];
}

}  // namespace stapes::decode
