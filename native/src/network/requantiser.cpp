#include "network/requantiser.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "error.h"

namespace stapes::network {
namespace {

constexpr int kMultiplierBits = 31;
constexpr int kLargestShift = 39;
constexpr int kSmallestShift = 8;
constexpr int kBiasBits = 8;
constexpr double kLargestMultiplier = 0x7fffffff;
constexpr double kLargestBias = 1 << 30;

// `value` * 2^`bits` to the nearest integer, half to even, clamped; exact but for that.
std::int32_t nearest(float value, int bits, double limit) {
  return static_cast<std::int32_t>(std::clamp(std::rint(std::ldexp(double{value}, bits)), -limit, limit));
}

std::int64_t magnitude(std::span<const std::int32_t> values) {
  std::int64_t most = 0;
  for (const std::int32_t value : values) most = std::max(most, std::abs(std::int64_t{value}));
  return most;
}

int shift_for(std::span<const float> scales, int exponent) {
  double largest = 0;
  for (const float scale : scales) largest = std::max(largest, std::fabs(double{scale}));
  largest = std::ldexp(largest, exponent);
  int bits = 0;
  std::frexp(largest, &bits);
  const int shift = std::min(kMultiplierBits - bits, kLargestShift);
  if (shift >= kSmallestShift) return shift;
  char sentence[128];
  std::snprintf(sentence, sizeof sentence, "integer arithmetic: a scale is %g output steps; less than %d are accepted",
                largest, 1 << (kMultiplierBits - kSmallestShift));
  throw Error(Fault::kFormat, sentence);
}

}  // namespace

Requantiser::Requantiser(std::span<const float> scales, std::span<const float> biases, FractionBits bits,
                         Bounds bounds, std::int64_t largest)
    : multipliers_(scales.size()),
      offsets_(scales.size(), 1 << (kBiasBits - 1)),
      shift_(shift_for(scales, bits.out - bits.in)),
      bounds_(bounds) {
  for (std::size_t row = 0; row < scales.size(); ++row) {
    multipliers_[row] = nearest(scales[row], bits.out - bits.in + shift_, kLargestMultiplier);
  }
  for (std::size_t row = 0; row < biases.size(); ++row) {
    offsets_[row] += nearest(biases[row], bits.out + kBiasBits, kLargestBias);
  }
  const std::int64_t scaled = (largest * magnitude(multipliers_) >> (shift_ - kBiasBits)) + 1;
  is_short_ = scaled + magnitude(offsets_) < std::int64_t{1} << 31;
}

}  // namespace stapes::network
