// The lossless coder of spec/codecs.md, section 4: rANS with lanes that take turns.
//
// Letters: N symbols, A size of the alphabet, K lanes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "format/layout.h"
#include "kernels/table.h"

namespace stapes::format {

// Reads the N symbols of a coded section in order.
class EntropyReader {
 public:
  // Throws Error (kFormat) if `data`, which must outlive the reader, cannot begin so.
  EntropyReader(Bytes data, std::size_t symbols, std::size_t alphabet,
                const kernels::Table& table = kernels::best());

  // The next symbols; throws Error (kFormat) if words are used up too early.
  void read(std::span<std::uint8_t> symbols);
  // After the last symbol; throws Error (kFormat) if the section does not end there.
  void finish() const;

 private:
  // The first of `symbols`, as many as kernels take at once; their number.
  std::size_t read_at_once(std::span<std::uint8_t> symbols);
  // Of symbols for each of which there is a word.
  void read_safely(std::span<std::uint8_t> symbols);
  // Of symbols that may ask for more words than there are.
  void read_carefully(std::span<std::uint8_t> symbols);

  const kernels::Table* table_;
  Bytes words_;
  std::size_t word_ = 0;
  std::size_t count_;
  std::size_t lane_ = 0;
  std::vector<std::uint32_t> states_;
  // By symbol: its frequency, and above 16 bits where its slots begin.
  std::array<std::uint32_t, kernels::kMostSymbols> ranges_{};
  std::vector<std::uint8_t> symbol_of_slot_;
  bool few_symbols_;
};

}  // namespace stapes::format
