// Greedy search: the most probable symbol of every frame.
//
// Letters: n frames, J joint width, V vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decode/hypothesis.h"
#include "decode/predictions.h"
#include "decode/scorer.h"
#include "decode/trace.h"
#include "lattice/graph.h"

namespace stapes::decode {

// Where a greedy search stands; a value.
struct GreedyState {
  // Encoder frames consumed.
  std::int32_t frames = 0;
  Trace trace;
  NodeIndex node = kRoot;
  Context context;
  // Of the path, blanks included.
  double log_prob = 0;
};

// Among equals the lowest label is taken, blank first. For one thread at a time.
class GreedySearch {
 public:
  // `scorer` and `vocabulary` outlive the search.
  GreedySearch(Scorer& scorer, const Vocabulary& vocabulary);

  // `frames` [n, J] more; the same for every way to cut them. Throws Error (kFormat) if the model gives no
  // symbol of a frame a probability.
  void advance(std::span<const std::int16_t> frames, GreedyState& state);
  // The hypothesis after the frames so far.
  Hypothesis result(const GreedyState& state) const;
  // The one path of the frames so far.
  lattice::Lattice lattice(const GreedyState& state) const;

 private:
  Scorer& scorer_;
  const Vocabulary& vocabulary_;
  Predictions predictions_;
  // [V] of one frame.
  std::vector<float> log_probs_;
};

// Throws Error (kFormat) unless the best `log_prob` of `frame` is finite.
void require_probability(double log_prob, std::int32_t frame);

}  // namespace stapes::decode
