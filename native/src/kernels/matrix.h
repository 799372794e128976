// A matrix of int8 levels, packed for the kernels.
//
// Letters: R rows, C columns (inputs), B input vectors. A tile is 64 rows, that is 4 groups of 16; a quad is 4
// columns. A plane is 64 bytes: byte 4 r + c belongs to row r of a group and column c of a quad. A tile is stored quad
// after quad, a matrix tile after tile, so that a product reads it once from front to back:
//   dense8   4 planes a quad, one a group: the levels.
//   dense6   3 planes a quad: bits 0-5 of planes 0, 1, 2 are the codes of groups 0, 1, 2; bits 6-7 of planes 0, 1, 2
//            are bits 0-1, 2-3, 4-5 of the codes of group 3.
//   dense4   2 planes a quad: bits 0-3 and 4-7 of plane p are the codes of groups 2 p and 2 p + 1.
//   dense3   3 planes two quads: bits 0-2 and 3-5 are the codes of groups 0 and 1, of 2 and 3, and (second quad) of 0
//            and 1. Second quad: bits 0-1 of the codes of groups 2 and 3 are bits 6-7 of planes 0 and 1, their bits 2
//            are bits 6 and 7 of plane 2.
//   dense2   1 plane a quad: bits 2 g and 2 g + 1 are the codes of group g.
//   masked4  masks: 4 u64 a quad, one a group; bit i tells whether byte i of the plane is not zero. Values: for groups
//            0 and 1, then 2 and 3, the codes in the low and the high nibbles of as many bytes as the fuller group has.
//   masked8  masks as masked4. Values: the levels that are not zero, group after group.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stapes::kernels {

inline constexpr std::size_t kTileRows = 64;
inline constexpr std::size_t kGroups = 4;
inline constexpr std::size_t kQuad = 4;
inline constexpr std::size_t kPlane = 64;
inline constexpr int kSixBitZero = 32;

enum class Layout : std::uint8_t { dense2, dense3, dense4, dense6, dense8, masked4, masked8 };
inline constexpr std::size_t kLayouts = 7;

// Rows and columns as the kernels see them; what is beyond R and C has level 0.
constexpr std::size_t padded_rows(std::size_t rows) { return (rows + kTileRows - 1) / kTileRows * kTileRows; }
constexpr std::size_t padded_columns(std::size_t columns) { return (columns + 2 * kQuad - 1) / (2 * kQuad) * (2 * kQuad); }

// A view of a packed matrix. The memory behind `planes` is readable for 64 bytes beyond its end.
struct Matrix {
  Layout layout = Layout::dense8;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::span<const std::uint8_t> planes;       // of masked layouts: the values
  std::span<const std::uint64_t> masks;       // of masked layouts
  std::span<const std::int32_t> corrections;  // [padded rows] -128 times the sum of a row's levels
  // Level by code, repeated until 64 entries are full: a look-up by six bits ignores what is above the code.
  alignas(64) std::array<std::int8_t, 64> levels{};
  // Of dense6: whether levels are codes less kSixBitZero.
  bool linear = false;
};

}  // namespace stapes::kernels
