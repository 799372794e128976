#include "format/matrix_sections.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <type_traits>

#include "error.h"
#include "format/code_stream.h"
#include "format/little_endian.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr float kSmallestScale = 0x1p-126f;
constexpr float kLargestScale = 0x1p121f;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

template <int kBits>
using Bits = std::integral_constant<int, kBits>;

// Calls `work` with the number of bits as a type, so that loops over codes know it.
template <typename Work>
void with_bits(int bits, Work work) {
  switch (bits) {
    case 2:
      return work(Bits<2>{});
    case 3:
      return work(Bits<3>{});
    case 4:
      return work(Bits<4>{});
    case 6:
      return work(Bits<6>{});
    default:
      return work(Bits<8>{});
  }
}

std::int8_t signed_code(unsigned code, int bits) {
  const unsigned shift = 8 - static_cast<unsigned>(bits);
  return static_cast<std::int8_t>(static_cast<std::int8_t>(code << shift) >> shift);
}

std::uint64_t mask_at(const MatrixSections& matrix, std::size_t run) { return u64_at(matrix.masks, run); }

std::size_t run_count(const MatrixSections& matrix) { return matrix.rows * window_count(matrix.columns); }

std::size_t tensor_row(const MatrixSections& matrix, std::size_t row) {
  return matrix.order.empty() ? row : u16_at(matrix.order, row);
}

// Calls `visit(row, column, code)` for each code of a sparse matrix, row and column being those of the tensor.
template <int kBits, typename Visit>
void for_each_code(const MatrixSections& matrix, Visit visit) {
  Bytes rest = matrix.values;
  std::size_t number = 0;
  for_each_run(matrix.rows, matrix.columns, [&](const Run& run) {
    std::uint64_t left = mask_at(matrix, number++);
    const auto count = static_cast<std::size_t>(std::popcount(left));
    const std::size_t row = tensor_row(matrix, run.row);
    for (std::size_t index = 0; index < count; ++index, left &= left - 1) {
      const auto place = static_cast<std::size_t>(std::countr_zero(left));
      visit(row, run.first_column + place, code_at(rest, index, kBits));
    }
    rest = rest.subspan(run_bytes(count, kBits));
  });
}

RunLengths mask_lengths(const MatrixSections& matrix) {
  return [&matrix](const std::function<void(std::size_t)>& tell) {
    for (std::size_t run = 0; run < run_count(matrix); ++run) tell(kWindow);
  };
}

RunLengths value_lengths(const MatrixSections& matrix) {
  return [&matrix](const std::function<void(std::size_t)>& tell) {
    for (std::size_t run = 0; run < run_count(matrix); ++run) {
      tell(static_cast<std::size_t>(std::popcount(mask_at(matrix, run))));
    }
  };
}

// The packed form of `section` if it is coded.
std::optional<std::vector<std::uint8_t>> plain(const Codec& codec, Bytes section, const RunLengths& lengths,
                                               int bits, std::string_view name) {
  std::size_t packed_bytes = 0;
  lengths([&](std::size_t count) { packed_bytes += run_bytes(count, bits); });
  if (section.size() == packed_bytes) return std::nullopt;
  const std::string where = sentence(codec.name(), ": section '", name, "'");
  if (!codec.coded || section.size() > packed_bytes || 4 * section.size() < packed_bytes) {
    refuse(sentence(where, " has ", section.size(), " bytes; ", packed_bytes, " are accepted for its codes"));
  }
  return decoded(section, lengths, bits, where);
}

void check_offsets(const MatrixSections& matrix) {
  const std::size_t blocks = (matrix.rows + kBlockRows - 1) / kBlockRows;
  const std::size_t windows = window_count(matrix.columns);
  std::uint64_t place = 0;
  std::size_t run = 0;
  for (std::size_t block = 0; block <= blocks; ++block) {
    if (u32_at(matrix.offsets, block) != place) refuse("sparse: section 'offsets' does not fit the masks");
    const std::size_t end = std::min(matrix.rows, (block + 1) * kBlockRows) * windows;
    for (; run < end; ++run) {
      const auto count = static_cast<std::size_t>(std::popcount(mask_at(matrix, run)));
      place += run_bytes(count, matrix.codec.bits);
    }
  }
}

void check_order(const MatrixSections& matrix) {
  std::vector<bool> seen(matrix.rows, false);
  for (std::size_t row = 0; row < matrix.order.size() / 2; ++row) {
    const std::size_t given = u16_at(matrix.order, row);
    if (given >= matrix.rows || seen[given]) {
      refuse(sentence("sparse: section 'order' is no permutation of ", matrix.rows, " rows"));
    }
    seen[given] = true;
  }
}

void check_codebook(const MatrixSections& matrix) {
  const Bytes book = matrix.codebook;
  const auto level = [book](std::size_t index) { return static_cast<std::int8_t>(book[index]); };
  bool falls = false;
  bool has_zero = false;
  std::string levels;
  for (std::size_t index = 0; index < book.size(); ++index) {
    falls = falls || (index > 0 && level(index) < level(index - 1));
    has_zero = has_zero || level(index) == 0;
    levels += sentence(index > 0 ? ", " : "", int{level(index)});
  }
  if (falls || !has_zero || level(0) == -128) {
    refuse(sentence(matrix.codec.name(), ": the code book is [", levels,
                    "]; levels from -127 to 127 that never fall and hold 0 are accepted"));
  }
}

// Refuses levels of which one is the most negative number of its bits, and names the first.
void check_lowest(const MatrixSections& matrix) {
  const int bits = matrix.codec.bits;
  const unsigned lowest = 1u << (bits - 1);
  std::size_t first = matrix.rows * matrix.columns;
  const auto look = [&](std::size_t row, std::size_t column, unsigned code) {
    // Of a column beyond the last the masks speak later.
    if (code == lowest && column < matrix.columns) first = std::min(first, row * matrix.columns + column);
  };
  with_bits(bits, [&](auto known) { for_each_code<decltype(known)::value>(matrix, look); });
  if (first < matrix.rows * matrix.columns) refuse_lowest(matrix, first);
}

std::int8_t level_of(const MatrixSections& matrix, unsigned code) {
  return matrix.codebook.empty() ? signed_code(code, matrix.codec.bits)
                                 : static_cast<std::int8_t>(matrix.codebook[code]);
}

void check_masks(const MatrixSections& matrix) {
  bool sound = true;
  const auto look = [&](std::size_t, std::size_t column, unsigned code) {
    sound = sound && column < matrix.columns && level_of(matrix, code) != 0;
  };
  with_bits(matrix.codec.bits, [&](auto known) { for_each_code<decltype(known)::value>(matrix, look); });
  if (!sound) refuse("sparse: a mask holds a weight of level 0 or outside the matrix");
}

}  // namespace

MatrixSections matrix_sections(const Codec& codec, const Shape& shape, const std::vector<Bytes>& sections) {
  const auto rows = static_cast<std::size_t>(shape[0]);
  MatrixSections matrix{.codec = codec,
                        .rows = rows,
                        .columns = static_cast<std::size_t>(weights_of(shape)) / rows,
                        .codebook = {},
                        .codes = {},
                        .masks = {},
                        .offsets = {},
                        .order = {},
                        .scales = {},
                        .values = {}};
  std::size_t next = 0;
  if (codec.has_codebook()) matrix.codebook = sections[next++];
  if (codec.kind == CodecKind::kDense) {
    matrix.codes = sections[next++];
    matrix.scales = sections[next];
    return matrix;
  }
  matrix.masks = sections[next++];
  matrix.offsets = sections[next++];
  if (codec.permuted) matrix.order = sections[next++];
  matrix.scales = sections[next++];
  matrix.values = sections[next];
  return matrix;
}

void check_scales(std::string_view name, Bytes scales) {
  for (std::size_t row = 0; row < scales.size() / 4; ++row) {
    const float scale = float_at(scales, row);
    const bool is_zero = scale == 0 && !std::signbit(scale);
    if (!is_zero && !(scale >= kSmallestScale && scale <= kLargestScale)) {
      refuse(sentence(name, ": scale ", row, " is ", shown(static_cast<double>(scale)),
                      "; 0 and 1.18e-38 to 2.66e+36 are accepted"));
    }
  }
}

void check_side(const MatrixSections& matrix) {
  check_scales(matrix.codec.name(), matrix.scales);
  if (!matrix.codebook.empty()) check_codebook(matrix);
}

LevelOfCode level_of_code(const MatrixSections& matrix) {
  LevelOfCode levels{};
  for (unsigned code = 0; code < 1u << matrix.codec.bits; ++code) levels[code] = level_of(matrix, code);
  return levels;
}

void refuse_lowest(const MatrixSections& matrix, std::size_t index) {
  const int most = (1 << (matrix.codec.bits - 1)) - 1;
  refuse(sentence(matrix.codec.name(), ": level [", index / matrix.columns, ", ", index % matrix.columns, "] is ",
                  -most - 1, "; ", -most, " to ", most, " are accepted"));
}

void read_sparse(MatrixSections matrix, std::span<std::int8_t> levels) {
  const auto masks = plain(matrix.codec, matrix.masks, mask_lengths(matrix), 1, "masks");
  if (masks) matrix.masks = *masks;
  check_offsets(matrix);
  const auto values = plain(matrix.codec, matrix.values, value_lengths(matrix), matrix.codec.bits, "values");
  if (values) matrix.values = *values;
  if (matrix.codec.permuted) check_order(matrix);
  check_side(matrix);
  if (matrix.codebook.empty()) check_lowest(matrix);
  check_masks(matrix);
  if (levels.empty()) return;
  std::fill(levels.begin(), levels.end(), std::int8_t{0});
  const LevelOfCode level = level_of_code(matrix);
  const auto put = [&](std::size_t row, std::size_t column, unsigned code) {
    levels[row * matrix.columns + column] = level[code];
  };
  with_bits(matrix.codec.bits, [&](auto known) { for_each_code<decltype(known)::value>(matrix, put); });
}

}  // namespace stapes::format
