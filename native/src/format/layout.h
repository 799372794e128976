// The fixed bytes of a packed model, version 1, and the limits of spec/format.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace stapes::format {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kPrologueBytes = 64;
inline constexpr std::uint64_t kAlignmentBytes = 64;

inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;
inline constexpr std::uint32_t kMaxHeaderBytes = 1u << 20;
inline constexpr std::uint32_t kMaxHeaderValues = 1u << 16;
inline constexpr std::uint32_t kMaxHeaderDepth = 32;
inline constexpr std::size_t kMaxTensors = 4096;
inline constexpr std::size_t kMaxSections = 8;
inline constexpr std::size_t kMaxAxes = 8;
inline constexpr std::int64_t kMaxWeights = std::int64_t{1} << 28;
inline constexpr std::size_t kMaxNameCharacters = 128;

constexpr std::uint64_t aligned(std::uint64_t size_bytes) {
  return (size_bytes + kAlignmentBytes - 1) / kAlignmentBytes * kAlignmentBytes;
}

// The first 64 bytes.
struct Prologue {
  std::uint32_t header_bytes;
  std::uint64_t file_bytes;
  std::uint32_t header_crc32;

  // Where the data area begins.
  std::uint64_t data_start() const { return aligned(kPrologueBytes + header_bytes); }
};

// The prologue of `file`, which may be shorter; throws Error (kFormat) if it is cut, foreign, of another
// version, damaged or beyond a limit.
Prologue read_prologue(Bytes file);

}  // namespace stapes::format
