#include "decode/greedy.h"

#include <algorithm>
#include <cmath>

#include "decode/wording.h"
#include "error.h"
#include "sentence.h"

namespace stapes::decode {

GreedySearch::GreedySearch(Scorer& scorer, const Vocabulary& vocabulary)
    : scorer_(scorer), vocabulary_(vocabulary), predictions_(scorer), log_probs_(scorer.vocabulary()) {}

void GreedySearch::advance(std::span<const std::int16_t> frames, GreedyState& state) {
  const std::size_t joint = scorer_.joint(), width = scorer_.frame_width();
  for (; !frames.empty(); frames = frames.subspan(width), ++state.frames) {
    scorer_.join(frames.first(joint), predictions_.row(state.context), log_probs_);
    Label best = kBlank;
    for (Label label = 1; label < static_cast<Label>(log_probs_.size()); ++label) {
      const auto place = static_cast<std::size_t>(label);
      if (vocabulary_.emittable(label) && log_probs_[place] > log_probs_[static_cast<std::size_t>(best)])
        best = label;
    }
    const auto gain = static_cast<double>(log_probs_[static_cast<std::size_t>(best)]);
    require_probability(gain, state.frames);
    state.log_prob += gain;
    if (best == kBlank) continue;
    const double posterior = std::min(1.0, std::exp(gain));
    state.node = state.trace.emit(state.node, best, state.frames, state.log_prob, posterior, 0.0);
    state.context = {.older = state.context.newer, .newer = best};
  }
}

Hypothesis GreedySearch::result(const GreedyState& state) const {
  return describe(vocabulary_, state.trace, state.node, state.log_prob, {}, state.trace[state.node].length,
                  0);
}

lattice::Lattice GreedySearch::lattice(const GreedyState& state) const {
  const End end{.node = state.node, .log_prob = state.log_prob, .expected = 0};
  return word_lattice(vocabulary_, state.trace, {&end, 1}, {});
}

void require_probability(double log_prob, std::int32_t frame) {
  if (std::isfinite(log_prob)) return;
  throw Error(Fault::kFormat,
              sentence("search: frame ", frame, ": the best symbol has log-probability ", shown(log_prob),
                       " where a finite one is accepted; the weights of the model are damaged"));
}

}  // namespace stapes::decode
