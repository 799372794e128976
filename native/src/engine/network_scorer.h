// The predictor and joint of a network as a search asks for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/scorer.h"
#include "network/joiner.h"
#include "network/settings.h"

namespace stapes::engine {

// For one thread at a time.
class NetworkScorer final : public decode::Scorer {
 public:
  // `joiner` outlives this.
  NetworkScorer(const network::Joiner& joiner, const network::Settings& settings)
      : joiner_(joiner), work_(joiner.make_workspace()), ctc_{settings.ctc_scale, settings.ctc_frames} {}

  std::size_t joint() const override { return joiner_.joint(); }
  std::size_t vocabulary() const override { return joiner_.vocabulary(); }
  decode::CtcHead ctc() const override { return ctc_; }
  void predict(const decode::Context& context, std::span<std::int16_t> prediction) override;
  void join(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions,
            std::span<float> log_probs) override;

 private:
  const network::Joiner& joiner_;
  network::Joiner::Workspace work_;
  decode::CtcHead ctc_;
};

}  // namespace stapes::engine
