// The internal language model of a transducer, taken off before another language model is added: spec/ngram.md.
//
// Letters: J joint width, V vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decode/expectation.h"
#include "decode/scorer.h"

namespace stapes::decode {

// Minus `scale` times what the transducer expects without hearing anything. A state is a context.
class InternalLanguageModel final : public Expectation {
 public:
  // `scorer` outlives this.
  InternalLanguageModel(Scorer& scorer, double scale)
      : scorer_(scorer), scale_(scale), unheard_(scorer.joint()), prediction_(scorer.joint()) {}

  State start() override { return number({}); }
  void scores(const State& state, std::span<float> row) override;
  State step(const State& state, Label label) override { return number({context(state).newer, label}); }
  double final(const State&) override { return 0; }

 private:
  static State number(Context labels) {
    const auto bits = [](Label label) { return static_cast<std::uint64_t>(label); };
    return {.number = (bits(labels.older + 1) << 16) | bits(labels.newer), .detail = nullptr};
  }
  static Context context(const State& state) {
    return {static_cast<Label>(state.number >> 16) - 1, static_cast<Label>(state.number & 0xffff)};
  }

  Scorer& scorer_;
  double scale_;
  // [J] the encoder's part where nothing is heard, and a predictor output.
  std::vector<std::int16_t> unheard_;
  std::vector<std::int16_t> prediction_;
};

}  // namespace stapes::decode
