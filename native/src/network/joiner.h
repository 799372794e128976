// Predictor and joint: section 7, steps 6 to 8, of spec/numerics.md.
//
// Letters: N contexts, E embedding, J joint, V vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/arena.h"
#include "kernels/table.h"
#include "network/linear.h"
#include "network/settings.h"
#include "network/tensors.h"

namespace stapes::network {

// Bytes that the packed matrices of a joiner take at most.
std::size_t joiner_bytes_bound(const Settings& settings);

class Joiner {
 public:
  // Hypotheses that share one pass over the weights.
  static constexpr std::size_t kMostTogether = 8;

  // Throws Error (kFormat) if a tensor is missing or cannot be used. `arena` holds the weights and outlives the joiner.
  Joiner(const Settings& settings, const TensorSource& source, const kernels::Table& table, kernels::Arena& arena);

  // Room for computing; for one thread at a time.
  using Workspace = Vectors;
  Workspace make_workspace() const;

  // The predictor part [J] (Q5.10) after the last two labels, -1 for none.
  void predict(int older, int newer, std::span<std::int16_t> prediction, Workspace& work) const;

  // Logits [N, V] of an encoder frame [J] with predictor parts [N, J]: exact multiples of 2^-12.
  void join(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions, std::span<float> logits,
            Workspace& work) const;

  const kernels::Table& table() const { return *table_; }
  std::size_t joint() const { return projection_.rows(); }
  std::size_t vocabulary() const { return output_.rows(); }

 private:
  void join_some(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions,
                 std::span<float> logits, Workspace& work) const;

  const kernels::Table* table_;
  std::size_t width_;                   // E
  std::vector<std::int8_t> embedding_;  // [V + 1, E] Q0.7; row 0 is that of no label
  Linear context_, projection_, output_;
};

}  // namespace stapes::network
