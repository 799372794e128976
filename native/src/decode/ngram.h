// An n-gram language model over labels (spec/ngram.md), added to the scores of the sound.
//
// Letters: V vocabulary, K n-grams of one order.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "decode/expectation.h"
#include "decode/numbers.h"

namespace stapes::decode {

// Scores as they are stored: levels times one scale, or floats.
class Scores {
 public:
  Scores() = default;
  Scores(std::vector<std::int8_t> levels, float scale) : levels_(std::move(levels)), scale_(scale) {}
  explicit Scores(std::vector<float> floats) : floats_(std::move(floats)) {}

  std::size_t size() const { return floats_.size() + levels_.size(); }
  float operator[](std::size_t index) const {
    return levels_.empty() ? floats_[index] : static_cast<float>(levels_[index]) * scale_;
  }

 private:
  std::vector<std::int8_t> levels_;
  std::vector<float> floats_;
  float scale_ = 1;
};

// How many n-grams of the next order begin with each of this one, which follow each other in the same turn.
// The place of every 16th is kept, which takes half the room of all places.
class Children {
 public:
  Children() = default;
  explicit Children(Numbers counts);

  std::size_t size() const { return counts_.size(); }
  // How many there are of all n-grams.
  std::uint64_t total() const { return total_; }
  // The first and the one after the last of the n-gram `index`.
  std::pair<std::size_t, std::size_t> of(std::size_t index) const;
  // Which n-gram the one at `place` of the next order, less than `total`, begins with.
  std::size_t parent(std::size_t place) const;

 private:
  static constexpr std::size_t kBlock = 16;

  Numbers counts_;
  std::vector<std::uint32_t> places_;
  std::uint64_t total_ = 0;
};

// One order of the model, its n-grams sorted by their labels.
struct NGramOrder {
  // [K] last label of each n-gram; the first order holds all V labels in turn.
  Numbers labels;
  // [K] natural log-probability of that label after the ones before it.
  Scores log_probs;
  // [K] natural log weight of shorter contexts after this n-gram; none of the highest order.
  Scores backoffs;
  // [K] n-grams of the next order; none of the highest order.
  Children children;
};

// Sound tables; any number of searches share them.
struct NGramTables {
  // At least two.
  std::vector<NGramOrder> orders;
  // Factor of the log-probabilities.
  float scale = 1;
  // Added for each label, in nats.
  float reward = 0;
  // Factor of what the transducer itself expects, which is taken off.
  double internal_scale = 0;
};

class NGram final : public Expectation {
 public:
  // `tables` outlive this.
  explicit NGram(const NGramTables& tables);

  State start() override;
  void scores(const State& state, std::span<float> row) override;
  State step(const State& state, Label label) override;
  double final(const State& state) override;

 private:
  // A context: the n-gram `index` of order `order`; order 0 is the empty context.
  struct Place {
    std::size_t order;
    std::size_t index;
  };

  // States count the contexts of all orders in turn, the empty one first.
  Place place_of(const State& state) const;
  State state_of(const Place& place) const;
  // Where the n-grams of the next order that begin with `place` stand.
  std::pair<std::size_t, std::size_t> arcs(const Place& place) const;
  // The n-gram of `place` followed by `label`; false if there is none.
  bool follow(Place& place, Label label) const;
  // The labels of the n-gram `place`, the oldest first.
  std::vector<Label> labels_of(Place place) const;
  // The longest context that ends `labels`.
  Place longest(std::span<const Label> labels) const;
  void row_of(const Place& place, std::span<float> row) const;

  const NGramTables& tables_;
  // Number of contexts of all orders below each order, the empty one among them.
  std::vector<std::size_t> before_;
};

}  // namespace stapes::decode
