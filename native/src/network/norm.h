// Layer norm without floats: section 5 of spec/numerics.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/requantiser.h"

namespace stapes::network {

// `stream` [H] (Q5.10) less its mean, divided by its standard deviation, to `normed` [H]; 12 fraction bits.
void normalise(const kernels::Table& table, std::span<const std::int16_t> stream, std::span<std::int32_t> normed);

// Of a normed value: the square root of at most 4096 times 2^12, and rounding.
inline constexpr std::int64_t kLargestNormed = 1 << 20;

class LayerNorm {
 public:
  // gains [H], biases [H]; throws Error (kFormat) if a gain is 2^18 or more.
  LayerNorm(std::span<const float> gains, std::span<const float> biases)
      : requantiser_(gains, biases, {kNormedBits, kActivationBits}, kInt8, kLargestNormed) {}

  // `stream` [H] to `activations` [H], by way of `normed` [H].
  void apply(const kernels::Table& table, std::span<const std::int16_t> stream, std::span<std::int32_t> normed,
             std::span<std::int8_t> activations) const;

 private:
  Requantiser requantiser_;
};

}  // namespace stapes::network
