#include "kernels/planes.h"

#include <algorithm>
#include <bit>

namespace stapes::kernels {

void PlaneReader::next(std::span<std::int8_t, kPlane> levels) {
  if (is_masked(matrix_.layout)) {
    next_masked(levels);
  } else {
    next_dense(levels);
  }
  ++which_;
}

void PlaneReader::next_masked(std::span<std::int8_t, kPlane> levels) {
  const std::uint64_t mask = matrix_.masks[which_];
  const bool nibbles = matrix_.layout == Layout::masked4;
  std::size_t at = value_;
  for (std::size_t index = 0; index < kPlane; ++index) {
    levels[index] = 0;
    if ((mask >> index & 1) == 0) continue;
    const std::uint8_t byte = matrix_.planes[at++];
    const std::size_t code = which_ % 2 == 0 ? byte & 15U : byte >> 4U;
    levels[index] = nibbles ? matrix_.levels[code] : static_cast<std::int8_t>(byte);
  }
  if (!nibbles) {
    value_ = at;
  } else if (which_ % 2 == 1) {
    value_ += static_cast<std::size_t>(std::max(std::popcount(mask), std::popcount(matrix_.masks[which_ - 1])));
  }
}

void PlaneReader::next_dense(std::span<std::int8_t, kPlane> levels) const {
  const std::size_t group = which_ % kGroups, quad = which_ / kGroups % 2, pair = which_ / (2 * kGroups);
  const std::size_t pair_bytes = planes_per_pair(matrix_.layout) * kPlane;
  const auto planes = matrix_.planes.subspan(pair * pair_bytes, pair_bytes);
  const CodeFields place = code_fields(matrix_.layout, quad, group);
  for (std::size_t index = 0; index < kPlane; ++index) {
    unsigned code = 0;
    for (const BitField& field : place.fields) {
      const std::uint8_t byte = planes[field.plane * kPlane + index];
      code |= (byte >> field.shift & ((1U << field.bits) - 1)) << field.to;
    }
    const bool is_level = matrix_.layout == Layout::dense8;
    levels[index] = is_level ? static_cast<std::int8_t>(code) : matrix_.levels[code];
  }
}

}  // namespace stapes::kernels
