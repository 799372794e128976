#include "network/norm.h"

#include <bit>
#include <cmath>

namespace stapes::network {
namespace {

// root * 2^(-31 - exponent) is one over the square root of a spread.
struct ReciprocalRoot {
  std::int64_t root;
  int exponent;
};

ReciprocalRoot reciprocal_root(std::uint64_t spread) {
  const int exponent = (static_cast<int>(std::bit_width(spread)) - 31) >> 1;
  const std::uint64_t normalised = exponent >= 0 ? spread >> 2 * exponent : spread << -2 * exponent;
  // Below 2^32, of which binary64 gives a root whose floor is right.
  const auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(normalised)));
  return {static_cast<std::int64_t>((std::uint64_t{1} << 31) / root), exponent};
}

std::uint64_t spread_of(std::int64_t width, std::int64_t total, std::int64_t squares) {
  const std::int64_t epsilon = (width * width * (1 << 20) + 50000) / 100000;
  return static_cast<std::uint64_t>(width * squares - total * total + epsilon);
}

}  // namespace

void normalise(const kernels::Table& table, std::span<const std::int16_t> stream, std::span<std::int32_t> normed) {
  const auto [total, squares] = table.measure(stream.data(), stream.size());
  const auto [root, exponent] = reciprocal_root(spread_of(static_cast<std::int64_t>(stream.size()), total, squares));
  table.centre({.stream = stream.data(),
                .count = stream.size(),
                .total = total,
                .root = root,
                .shift = exponent + 19,
                .normed = normed.data()});
}

void LayerNorm::apply(const kernels::Table& table, std::span<const std::int16_t> stream,
                      std::span<std::int32_t> normed, std::span<std::int8_t> activations) const {
  normalise(table, stream, normed);
  table.requantise8(
      {.to = requantiser_.view(), .rows = normed.size(), .sums = normed.data(), .values = activations.data()});
}

}  // namespace stapes::network
