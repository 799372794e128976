// From accumulators to the integers of the next operation: section 3 of spec/numerics.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/aligned.h"
#include "kernels/table.h"

namespace stapes::network {

struct Bounds {
  std::int32_t least;
  std::int32_t most;
};
inline constexpr Bounds kInt8{-127, 127};
inline constexpr Bounds kRelu8{0, 127};
inline constexpr Bounds kInt16{-32768, 32767};
inline constexpr Bounds kLogit{-((1 << 23) - 1), (1 << 23) - 1};

// Fraction bits.
inline constexpr int kActivationBits = 7;
inline constexpr int kGateBits = 12;
inline constexpr int kStreamBits = 10;
inline constexpr int kNormedBits = 12;

struct FractionBits {
  int in;
  int out;
};

class Requantiser {
 public:
  // scales [R]; biases [R], or none; no accumulator is beyond `largest` or its negative. Throws Error (kFormat) if a scale is 2^23
  // output steps or more.
  Requantiser(std::span<const float> scales, std::span<const float> biases, FractionBits bits, Bounds bounds,
              std::int64_t largest = std::int64_t{1} << 31);

  std::size_t rows() const { return multipliers_.size(); }
  kernels::Requantiser view() const {
    return {multipliers_.data(), offsets_.data(), shift_, bounds_.least, bounds_.most, is_short_};
  }

 private:
  kernels::Aligned<std::int32_t> multipliers_;
  kernels::Aligned<std::int32_t> offsets_;
  int shift_;
  Bounds bounds_;
  bool is_short_;
};

}  // namespace stapes::network
