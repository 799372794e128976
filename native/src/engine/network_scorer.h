// The predictor and joint of a network as a search asks for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/scorer.h"
#include "network/joiner.h"

namespace stapes::engine {

// For one thread at a time.
class NetworkScorer final : public decode::Scorer {
 public:
  // `joiner` outlives this.
  explicit NetworkScorer(const network::Joiner& joiner) : joiner_(joiner), work_(joiner.make_workspace()) {}

  std::size_t joint() const override { return joiner_.joint(); }
  std::size_t vocabulary() const override { return joiner_.vocabulary(); }
  void predict(const decode::Context& context, std::span<std::int16_t> prediction) override;
  void join(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions,
            std::span<float> log_probs) override;

 private:
  const network::Joiner& joiner_;
  network::Joiner::Workspace work_;
};

}  // namespace stapes::engine
