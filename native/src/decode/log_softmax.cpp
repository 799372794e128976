#include "decode/log_softmax.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace stapes::decode {
namespace {

// Steps of a logit in one.
constexpr float kSteps = 4096;
constexpr std::size_t kFine = 512;
// What is smaller than exp(-64) adds nothing to a sum that holds exp(0).
constexpr std::size_t kCoarse = 64 * static_cast<std::size_t>(kSteps) / kFine;

// exp(-n / kSteps) as the product of two: of the multiple of kFine in n, and of the rest.
struct Exponentials {
  std::array<double, kCoarse> coarse;
  std::array<double, kFine> fine;

  double operator()(std::size_t steps) const { return coarse[steps / kFine] * fine[steps % kFine]; }
};

const Exponentials& exponentials() {
  static const Exponentials all = [] {
    Exponentials made{};
    const auto exponential = [](std::size_t steps) { return std::exp(-static_cast<double>(steps) / kSteps); };
    for (std::size_t at = 0; at < kCoarse; ++at) made.coarse[at] = exponential(at * kFine);
    for (std::size_t at = 0; at < kFine; ++at) made.fine[at] = exponential(at);
    return made;
  }();
  return all;
}

}  // namespace

void log_softmax(std::span<float> logits) {
  constexpr std::size_t kMostSteps = kCoarse * kFine - 1;
  const Exponentials& exponential = exponentials();
  const float most = *std::max_element(logits.begin(), logits.end());
  // Several sums, so that none waits for the other.
  std::array<double, 4> sums{};
  for (std::size_t at = 0; at < logits.size(); ++at) {
    const auto steps = static_cast<std::size_t>((most - logits[at]) * kSteps);
    sums[at % sums.size()] += exponential(std::min(steps, kMostSteps));
  }
  const double log_sum = std::log((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (float& logit : logits) {
    logit = static_cast<float>(static_cast<double>(logit) - static_cast<double>(most) - log_sum);
  }
}

}  // namespace stapes::decode
