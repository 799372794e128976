// What a search asks of a model.
//
// Letters: G contexts, J joint width, V vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/vocabulary.h"

namespace stapes::decode {

// The last two labels; -1 where there is none, which embeds as zeros.
struct Context {
  Label older = -1;
  Label newer = kBlank;

  bool operator==(const Context&) const = default;
};

// The part of a CTC head in a search: stapes.decode.ctc of the Python package.
struct CtcHead {
  // Factor of its scores; 0 where there is none.
  double scale = 0.0;
  // How long after its emission a label may be found.
  std::int32_t frames = 0;
};

// A transducer with a stateless predictor and at most one label a frame.
class Scorer {
 public:
  virtual ~Scorer() = default;

  virtual std::size_t joint() const = 0;
  virtual std::size_t vocabulary() const = 0;
  virtual CtcHead ctc() const { return {}; }
  // Width of an encoder frame: J, then V logits (Q5.10) where there is a CTC head.
  std::size_t frame_width() const { return joint() + (ctc().scale > 0 ? vocabulary() : 0); }
  // Predictor output [J] after `context`.
  virtual void predict(const Context& context, std::span<std::int16_t> prediction) = 0;
  // Normalised log-probabilities [G, V] of an encoder frame [J] joined with predictor outputs [G, J].
  virtual void join(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions,
                    std::span<float> log_probs) = 0;
};

}  // namespace stapes::decode
