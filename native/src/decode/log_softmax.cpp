#include "decode/log_softmax.h"

#include <algorithm>
#include <cmath>

namespace stapes::decode {

void log_softmax(std::span<float> x) {
  const auto most = static_cast<double>(*std::max_element(x.begin(), x.end()));
  double sum = 0;
  for (const float logit : x) sum += std::exp(static_cast<double>(logit) - most);
  const double log_sum = std::log(sum);
  for (float& logit : x) logit = static_cast<float>(static_cast<double>(logit) - most - log_sum);
}

}  // namespace stapes::decode
