// The codec `dense`: its codes are decoded, checked and put in their places a piece at a time.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "error.h"
#include "format/code_stream.h"
#include "format/matrix_sections.h"
#include "sentence.h"

namespace stapes::format {
namespace {

// The codes that a matrix has in one window of one block of rows; where it has a code book, the levels in it.
struct Patch {
  std::size_t row, rows;
  std::size_t column, columns;
  // [rows, columns]
  std::span<std::uint8_t> codes;
};

// Of a matrix whose codes are entropy-coded.
std::optional<CodeReader> coded_reader(const MatrixSections& matrix) {
  const std::size_t packed_bytes = matrix.rows * row_bytes(matrix.columns, matrix.codec.bits);
  if (matrix.codes.size() == packed_bytes) return std::nullopt;
  return CodeReader(matrix.codes, matrix.rows * matrix.columns, matrix.codec.bits);
}

// Gives all patches in the order of the stream, packed or coded.
class PatchReader {
 public:
  explicit PatchReader(const MatrixSections& matrix)
      : matrix_(matrix), rest_(matrix.codes), coded_(coded_reader(matrix)) {
    if (matrix.codebook.empty()) return;
    std::ranges::transform(level_of_code(matrix), book_.begin(),
                           [](std::int8_t level) { return static_cast<std::uint8_t>(level); });
    if (coded_) coded_->stand_for(book_);
  }

  template <typename Visit>
  void for_each(Visit visit) {
    for (std::size_t row = 0; row < matrix_.rows; row += kBlockRows) {
      const std::size_t rows = std::min(kBlockRows, matrix_.rows - row);
      for (std::size_t column = 0; column < matrix_.columns; column += kWindow) {
        const std::size_t columns = std::min(kWindow, matrix_.columns - column);
        const auto codes = std::span(codes_).first(rows * columns);
        read(columns, codes);
        visit(Patch{row, rows, column, columns, codes});
      }
    }
    if (coded_) coded_->finish();
  }

 private:
  void read(std::size_t columns, std::span<std::uint8_t> codes) {
    if (coded_) return coded_->read(codes);
    const std::size_t bytes = run_bytes(columns, matrix_.codec.bits);
    for (; !codes.empty(); codes = codes.subspan(columns), rest_ = rest_.subspan(bytes)) {
      const auto run = codes.first(columns);
      unpack_run(rest_, matrix_.codec.bits, run);
      if (matrix_.codebook.empty()) continue;
      std::ranges::transform(run, run.begin(), [this](std::uint8_t code) { return book_[code]; });
    }
  }

  const MatrixSections& matrix_;
  Bytes rest_;
  std::optional<CodeReader> coded_;
  // The level of each code of a code book.
  std::array<std::uint8_t, 256> book_{};
  std::array<std::uint8_t, kBlockRows * kWindow> codes_;
};

// Where the most negative code of 6 or 8 bits lies first, if it occurs.
class LowestCode {
 public:
  explicit LowestCode(const MatrixSections& matrix)
      : code_(1 << (matrix.codec.bits - 1)), columns_(matrix.columns), first_(matrix.rows * matrix.columns) {}

  void look(const Patch& patch) {
    if (std::memchr(patch.codes.data(), code_, patch.codes.size()) == nullptr) return;
    for (std::size_t at = 0; at < patch.codes.size(); ++at) {
      if (patch.codes[at] != code_) continue;
      const std::size_t row = patch.row + at / patch.columns, column = patch.column + at % patch.columns;
      first_ = std::min(first_, row * columns_ + column);
    }
  }
  std::size_t first() const { return first_; }

 private:
  int code_;
  std::size_t columns_;
  std::size_t first_;
};

void put(const Patch& patch, std::size_t columns, std::span<std::int8_t> levels) {
  for (std::size_t row = 0; row < patch.rows; ++row) {
    const auto run = patch.codes.subspan(row * patch.columns, patch.columns);
    std::memcpy(levels.subspan((patch.row + row) * columns + patch.column).data(), run.data(), run.size());
  }
}

}  // namespace

void read_dense(const MatrixSections& matrix, std::span<std::int8_t> levels) {
  const std::size_t count = matrix.rows * matrix.columns;
  LowestCode lowest(matrix);
  try {
    PatchReader reader(matrix);
    reader.for_each([&](const Patch& patch) {
      if (matrix.codebook.empty()) lowest.look(patch);
      if (levels.empty()) return;
      // Two's complement, without a look-up: the compiler makes vectors of it.
      if (matrix.codec.bits == 6) {
        for (std::uint8_t& code : patch.codes) code = static_cast<std::uint8_t>((code ^ 32u) - 32u);
      }
      put(patch, matrix.columns, levels);
    });
  } catch (const Error& error) {
    throw Error(Fault::kFormat, sentence(matrix.codec.name(), ": section 'codes' is ", error.sentence()));
  }
  check_side(matrix);
  if (lowest.first() < count) refuse_lowest(matrix, lowest.first());
}

}  // namespace stapes::format
