// Numbers of a packed model, whose bytes stand the lowest first on every machine.
#pragma once

#include <bit>
#include <cstdint>

#include "format/layout.h"

namespace stapes::format {

inline std::uint16_t u16_at(Bytes bytes, std::size_t index) {
  return static_cast<std::uint16_t>(bytes[2 * index] | bytes[2 * index + 1] << 8);
}

inline std::uint32_t u32_at(Bytes bytes, std::size_t index) {
  return std::uint32_t{u16_at(bytes, 2 * index)} | std::uint32_t{u16_at(bytes, 2 * index + 1)} << 16;
}

inline std::uint64_t u64_at(Bytes bytes, std::size_t index) {
  return std::uint64_t{u32_at(bytes, 2 * index)} | std::uint64_t{u32_at(bytes, 2 * index + 1)} << 32;
}

inline float float_at(Bytes bytes, std::size_t index) { return std::bit_cast<float>(u32_at(bytes, index)); }

}  // namespace stapes::format
