// How often a sentence that reads like this is finished: spec/endpoints.md, section 3, text.
//
// Letters: B buckets.
#pragma once

#include <string>
#include <vector>

namespace stapes::endpoint {

class Completeness {
 public:
  // `weights` [B] of hashed features, and what is added to their sum.
  Completeness(std::vector<float> weights, double bias) : weights_(std::move(weights)), bias_(bias) {}

  // Log-odds that nothing follows `words`; minus infinity where there are none.
  double log_odds(const std::vector<std::string>& words) const;

 private:
  std::vector<float> weights_;
  double bias_;
};

}  // namespace stapes::endpoint
