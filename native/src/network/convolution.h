// Convolutions of 3 x 3 places and stride 2, each as a product of patches: spec/numerics.md, section 7, step 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "network/linear.h"

namespace stapes::network {

inline constexpr std::size_t kPatch = 3;

// What stride 2 leaves of `size` places.
constexpr std::size_t halved(std::size_t size) { return (size - 1) / 2; }

// An image [times, bands, channels] of int8.
struct Image {
  std::span<const std::int8_t> values;
  std::size_t bands;
  std::size_t channels;

  // Three neighbours in mel, all channels, at `time`.
  std::span<const std::int8_t> run(std::size_t time, std::size_t band) const {
    return values.subspan((time * bands + band) * channels, kPatch * channels);
  }
};

// `image` convolved to `times` x halved(bands) places, as many at once as `vectors` hold, to `result` [times, bands', rows of
// `kernel`], whose columns are [time, mel, channel].
void convolve(const Linear& kernel, const Image& image, std::size_t times, Vectors& vectors,
              std::span<std::int8_t> result);

}  // namespace stapes::network
