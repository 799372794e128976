// Where codes lie in packed matrices, in plain C++: what every layout means.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/matrix.h"

namespace stapes::kernels {

// Planes that a pair of quads takes in a tile of a dense layout.
constexpr std::size_t planes_per_pair(Layout layout) {
  switch (layout) {
    case Layout::dense2: return 2;
    case Layout::dense3: return 3;
    case Layout::dense4: return 4;
    case Layout::dense6: return 6;
    default: return 8;
  }
}

// Codes that a layout tells apart; 256 stands for the levels themselves.
constexpr std::size_t codes_of(Layout layout) {
  switch (layout) {
    case Layout::dense2: return 4;
    case Layout::dense3: return 8;
    case Layout::dense6: return 64;
    case Layout::dense4:
    case Layout::masked4: return 16;
    default: return 256;
  }
}

constexpr bool is_masked(Layout layout) { return layout == Layout::masked4 || layout == Layout::masked8; }

// Where the bits of one code lie: bits of plane `plane` from `shift` on go to bits `to` on of the code.
struct BitField {
  std::size_t plane;
  unsigned shift;
  unsigned bits;
  unsigned to;
};

// The fields of the code of `group` in quad 0 or 1 of a pair; fields of no bits are unused.
struct CodeFields {
  BitField fields[3];
};

constexpr CodeFields code_fields(Layout layout, std::size_t quad, std::size_t group) {
  const auto odd = static_cast<unsigned>(group % 2);
  switch (layout) {
    case Layout::dense2: return {{{quad, 2 * static_cast<unsigned>(group), 2, 0}}};
    case Layout::dense3:
      if (quad == 1 && group >= 2) return {{{group - 2, 6, 2, 0}, {2, 6 + odd, 1, 2}}};
      return {{{quad == 0 ? group / 2 : 2, 3 * odd, 3, 0}}};
    case Layout::dense4: return {{{2 * quad + group / 2, 4 * odd, 4, 0}}};
    case Layout::dense6:
      if (group == 3) return {{{3 * quad, 6, 2, 0}, {3 * quad + 1, 6, 2, 2}, {3 * quad + 2, 6, 2, 4}}};
      return {{{3 * quad + group, 0, 6, 0}}};
    default: return {{{4 * quad + group, 0, 8, 0}}};
  }
}

// Gives the planes of a packed matrix, group after group, quad after quad, tile after tile.
class PlaneReader {
 public:
  explicit PlaneReader(const Matrix& matrix) : matrix_(matrix) {}
  // The levels of the next plane.
  void next(std::span<std::int8_t, kPlane> levels);

 private:
  void next_masked(std::span<std::int8_t, kPlane> levels);
  void next_dense(std::span<std::int8_t, kPlane> levels) const;

  const Matrix& matrix_;
  std::size_t which_ = 0;  // planes given so far
  std::size_t value_ = 0;  // where the values of the next plane begin, in masked layouts
};

// Planes of all groups of a packed matrix.
constexpr std::size_t plane_count(std::size_t rows, std::size_t columns) {
  return padded_rows(rows) / kTileRows * (padded_columns(columns) / kQuad) * kGroups;
}

// The first row and column of plane `which` of a matrix with this number of columns.
struct PlanePlace {
  std::size_t row;
  std::size_t column;
};
constexpr PlanePlace plane_place(std::size_t which, std::size_t columns) {
  const std::size_t quads = padded_columns(columns) / kQuad;
  return {which / kGroups / quads * kTileRows + which % kGroups * 16, which / kGroups % quads * kQuad};
}

}  // namespace stapes::kernels
