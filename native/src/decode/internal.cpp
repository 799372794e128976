#include "decode/internal.h"

#include <algorithm>
#include <cmath>

namespace stapes::decode {
namespace {

// What training never said after a context is not worth more than this, in nats.
constexpr double kLowestLogProb = -12;

}  // namespace

void InternalLanguageModel::scores(const State& state, std::span<float> row) {
  scorer_.predict(context(state), prediction_);
  scorer_.join(unheard_, prediction_, row);
  const std::span<const float> labels = row.subspan(static_cast<std::size_t>(kBlank) + 1);
  const double most = *std::max_element(labels.begin(), labels.end());
  double sum = 0;
  for (const float log_prob : labels) sum += std::exp(log_prob - most);
  const double normaliser = most + std::log(sum);
  for (float& score : row) {
    score = static_cast<float>(-scale_ * std::max(score - normaliser, kLowestLogProb));
  }
}

}  // namespace stapes::decode
