// Codes of a few bits in the order in which a matrix lies in a stream: spec/codecs.md, sections 3 and 4.
//
// Letters: R rows, C columns. A block is 16 rows, a window 64 columns, a run what one row has within one
// window.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/entropy.h"
#include "format/layout.h"

namespace stapes::format {

inline constexpr std::size_t kBlockRows = 16;
inline constexpr std::size_t kWindow = 64;

struct Run {
  // Of the stream.
  std::size_t row;
  std::size_t first_column;
  std::size_t columns;
};

constexpr std::size_t window_count(std::size_t columns) { return (columns + kWindow - 1) / kWindow; }

constexpr std::size_t run_bytes(std::size_t codes, int bits) {
  return (codes * static_cast<std::size_t>(bits) + 7) / 8;
}

// Bytes of one row of codes.
constexpr std::size_t row_bytes(std::size_t columns, int bits) {
  return columns / kWindow * run_bytes(kWindow, bits) + run_bytes(columns % kWindow, bits);
}

// Calls `visit` for each run of a matrix [R, C], in the order of the stream.
template <typename Visit>
void for_each_run(std::size_t rows, std::size_t columns, Visit visit) {
  for (std::size_t block = 0; block < rows; block += kBlockRows) {
    const std::size_t end = block + kBlockRows < rows ? block + kBlockRows : rows;
    for (std::size_t first = 0; first < columns; first += kWindow) {
      const std::size_t width = columns - first < kWindow ? columns - first : kWindow;
      for (std::size_t row = block; row < end; ++row) visit(Run{row, first, width});
    }
  }
}

// The codes of a coded section, one after the other.
class CodeReader {
 public:
  // Throws Error (kFormat), as all of this does, if `data` is no coded form of so many codes of `bits` bits.
  CodeReader(Bytes data, std::size_t codes, int bits);

  // From now on codes of at most 4 bits come as values[code].
  void stand_for(std::span<const std::uint8_t> values);
  // The next codes.
  void read(std::span<std::uint8_t> codes);
  // Symbols of several codes as they are, where no code was read before.
  void read_symbols(std::span<std::uint8_t> symbols) { symbols_.read(symbols); }
  void finish() const { symbols_.finish(); }

 private:
  // As many codes as a symbol of one bit a code holds.
  static constexpr std::size_t kMostTogether = 8;

  std::uint8_t next_of_symbol();
  template <std::size_t kTogether>
  void expand(std::span<const std::uint8_t> symbols, std::span<std::uint8_t> codes) const;

  int bits_;
  unsigned per_symbol_;
  EntropyReader symbols_;
  // What the codes of each symbol come as, if it holds several.
  std::vector<std::array<std::uint8_t, kMostTogether>> expanded_;
  // The symbol of which codes are left, and how many.
  std::uint8_t symbol_ = 0;
  unsigned left_ = 0;
};

// Codes [at most 64] of a packed run.
void unpack_run(Bytes run, int bits, std::span<std::uint8_t> codes);

}  // namespace stapes::format
