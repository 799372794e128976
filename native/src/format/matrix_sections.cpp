#include "format/matrix_sections.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <string>

#include "error.h"
#include "format/code_stream.h"
#include "format/little_endian.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr float kSmallestScale = 0x1p-126f;
constexpr float kLargestScale = 0x1p121f;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

std::int8_t signed_code(unsigned code, int bits) {
  const unsigned shift = 8 - static_cast<unsigned>(bits);
  return static_cast<std::int8_t>(static_cast<std::int8_t>(code << shift) >> shift);
}

std::uint64_t mask_at(const MatrixSections& matrix, std::size_t run) { return u64_at(matrix.masks, run); }

std::size_t run_count(const MatrixSections& matrix) { return matrix.rows * window_count(matrix.columns); }

std::size_t tensor_row(const MatrixSections& matrix, std::size_t row) {
  return matrix.order.empty() ? row : u16_at(matrix.order, row);
}

// Whether `section` is coded; `packed_bytes` is what it has otherwise.
bool is_coded(const Codec& codec, Bytes section, std::size_t packed_bytes, std::string_view name) {
  if (section.size() == packed_bytes) return false;
  if (!codec.coded || section.size() > packed_bytes || 4 * section.size() < packed_bytes) {
    refuse(sentence(codec.name(), ": section '", name, "' has ", section.size(), " bytes; ", packed_bytes,
                    " are accepted for its codes"));
  }
  return true;
}

// Calls `read`; says of what it throws that it is so in `section`.
template <typename Read>
void named(const Codec& codec, std::string_view section, Read read) {
  try {
    read();
  } catch (const Error& error) {
    throw Error(Fault::kFormat, sentence(codec.name(), ": section '", section, "' is ", error.sentence()));
  }
}

// The masks as they are packed, if they are coded: a symbol is eight of their bits.
std::optional<std::vector<std::uint8_t>> decoded_masks(const MatrixSections& matrix) {
  const std::size_t packed_bytes = run_count(matrix) * run_bytes(kWindow, 1);
  if (!is_coded(matrix.codec, matrix.masks, packed_bytes, "masks")) return std::nullopt;
  std::vector<std::uint8_t> bytes(packed_bytes);
  named(matrix.codec, "masks", [&] {
    CodeReader reader(matrix.masks, packed_bytes * 8, 1);
    reader.read_symbols(bytes);
    reader.finish();
  });
  return bytes;
}

// The codes of the values of a sparse matrix, packed or coded, run by run.
class ValueReader {
 public:
  explicit ValueReader(const MatrixSections& matrix) : bits_(matrix.codec.bits), rest_(matrix.values) {
    std::size_t packed_bytes = 0;
    for (std::size_t run = 0; run < run_count(matrix); ++run) {
      const auto count = static_cast<std::size_t>(std::popcount(mask_at(matrix, run)));
      left_ += count;
      packed_bytes += run_bytes(count, bits_);
    }
    if (!is_coded(matrix.codec, matrix.values, packed_bytes, "values")) return;
    named(matrix.codec, "values", [&] { coded_.emplace(matrix.values, left_, bits_); });
  }

  void read(std::span<std::uint8_t> run) {
    if (!coded_) {
      unpack_run(rest_, bits_, run);
      rest_ = rest_.subspan(run_bytes(run.size(), bits_));
      return;
    }
    while (!run.empty()) {
      if (ready_.empty()) refill();
      const std::size_t some = std::min(run.size(), ready_.size());
      std::ranges::copy(ready_.first(some), run.begin());
      ready_ = ready_.subspan(some);
      run = run.subspan(some);
    }
  }

  void finish() const {
    if (coded_) coded_->finish();
  }

 private:
  // Many at once, as the decoder works on many lanes.
  void refill() {
    ready_ = std::span(codes_).first(std::min(left_, codes_.size()));
    coded_->read(std::span(codes_).first(ready_.size()));
    left_ -= ready_.size();
  }

  int bits_;
  Bytes rest_;
  std::optional<CodeReader> coded_;
  // Codes that the decoder has not read.
  std::size_t left_ = 0;
  std::array<std::uint8_t, 4096> codes_;
  std::span<const std::uint8_t> ready_;
};

// Calls `visit(row, column, code)` for each code of a sparse matrix, row and column being those of the tensor.
template <typename Visit>
void for_each_code(const MatrixSections& matrix, ValueReader& values, Visit visit) {
  std::size_t number = 0;
  for_each_run(matrix.rows, matrix.columns, [&](const Run& run) {
    std::uint64_t left = mask_at(matrix, number++);
    std::array<std::uint8_t, kWindow> codes;
    const auto count = static_cast<std::size_t>(std::popcount(left));
    values.read(std::span(codes).first(count));
    const std::size_t row = tensor_row(matrix, run.row);
    for (std::size_t index = 0; index < count; ++index, left &= left - 1) {
      visit(row, run.first_column + static_cast<std::size_t>(std::countr_zero(left)), codes[index]);
    }
  });
  values.finish();
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

std::int8_t level_of(const MatrixSections& matrix, unsigned code) {
  return matrix.codebook.empty() ? signed_code(code, matrix.codec.bits)
                                 : static_cast<std::int8_t>(matrix.codebook[code]);
}

// Puts the levels in their places [R, C], or nowhere if there are none. Refuses the most negative code of 6 or 8 bits, of
// which it names the first, and masks that do not fit.
void take_values(const MatrixSections& matrix, std::span<std::int8_t> levels) {
  const LevelOfCode level = level_of_code(matrix);
  std::fill(levels.begin(), levels.end(), std::int8_t{0});
  const unsigned lowest = matrix.codebook.empty() ? 1u << (matrix.codec.bits - 1) : 256;
  const std::size_t none = matrix.rows * matrix.columns;
  std::size_t first = none;
  bool sound = true;
  const auto take = [&](std::size_t row, std::size_t column, unsigned code) {
    const bool inside = column < matrix.columns;
    sound = sound && inside && level[code] != 0;
    if (!inside) return;
    const std::size_t place = row * matrix.columns + column;
    if (code == lowest) first = std::min(first, place);
    if (!levels.empty()) levels[place] = level[code];
  };
  ValueReader values(matrix);
  named(matrix.codec, "values", [&] { for_each_code(matrix, values, take); });
  if (first < none) refuse_lowest(matrix, first);
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
  const auto masks = decoded_masks(matrix);
  if (masks) matrix.masks = *masks;
  check_offsets(matrix);
  if (matrix.codec.permuted) check_order(matrix);
  check_side(matrix);
  take_values(matrix, levels);
}

}  // namespace stapes::format
