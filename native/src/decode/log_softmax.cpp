#include "decode/log_softmax.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace stapes::decode {
namespace {

constexpr std::size_t kParts = 16;

// exp of x in [-87, 0], wrong by at most 2 units of the last place (Cephes, expf).
float exp_of(float x) {
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kLn2High = 0.693359375f;
  constexpr float kLn2Low = -2.12194440e-4f;
  // Adding 1.5 * 2^23 rounds to a whole number, which then stands in the low bits.
  constexpr float kRound = 12582912.0f;
  const float rounded = x * kLog2E + kRound;
  const float power = rounded - kRound;
  const float rest = x - power * kLn2High - power * kLn2Low;
  float series = 1.9875691500e-4f;
  series = series * rest + 1.3981999507e-3f;
  series = series * rest + 8.3334519073e-3f;
  series = series * rest + 4.1665795894e-2f;
  series = series * rest + 1.6666665459e-1f;
  series = series * rest + 5.0000001201e-1f;
  series = series * rest * rest + rest + 1.0f;
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(rounded) << 23;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(series) + exponent);
}

float sum_of_exp(std::span<const float> x) {
  std::array<float, kParts> parts{};
  std::size_t index = 0;
  for (; index + kParts <= x.size(); index += kParts) {
    for (std::size_t part = 0; part < kParts; ++part)
      parts[part] += exp_of(std::max(x[index + part], -87.0f));
  }
  for (; index < x.size(); ++index) parts[index % kParts] += exp_of(std::max(x[index], -87.0f));
  for (std::size_t half = kParts / 2; half > 0; half /= 2) {
    for (std::size_t part = 0; part < half; ++part) parts[part] += parts[part + half];
  }
  return parts[0];
}

}  // namespace

void log_softmax(std::span<float> x) {
  const float most = *std::max_element(x.begin(), x.end());
  for (float& value : x) value -= most;
  const float log_sum = std::log(sum_of_exp(x));
  for (float& value : x) value -= log_sum;
}

}  // namespace stapes::decode
