#include "decode/log_softmax.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace stapes::decode {
namespace {

// Steps of a logit in one.
constexpr double kSteps = 4096;

// exp(-n / kSteps) as the product of two: of the multiple of kFineSteps in n, and of the rest. What is smaller than exp(-64) adds
// nothing to a sum that holds exp(0).
struct Exponentials {
  std::array<double, kernels::kCoarseSteps> coarse;
  std::array<double, kernels::kFineSteps> fine;
};

const Exponentials& exponentials() {
  static const Exponentials all = [] {
    Exponentials made{};
    const auto exponential = [](std::size_t steps) { return std::exp(-static_cast<double>(steps) / kSteps); };
    for (std::size_t at = 0; at < made.coarse.size(); ++at) made.coarse[at] = exponential(at * kernels::kFineSteps);
    for (std::size_t at = 0; at < made.fine.size(); ++at) made.fine[at] = exponential(at);
    return made;
  }();
  return all;
}

}  // namespace

void log_softmax(const kernels::Table& table, std::span<float> logits) {
  const Exponentials& all = exponentials();
  table.normalise({.logits = logits.data(), .count = logits.size(), .coarse = all.coarse.data(), .fine = all.fine.data()});
}

}  // namespace stapes::decode
