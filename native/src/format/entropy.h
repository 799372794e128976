// The lossless coder of spec/codecs.md, section 4: rANS with lanes that take turns.
//
// Letters: N symbols, A size of the alphabet, K lanes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "format/layout.h"

namespace stapes::format {

// Reads the N symbols of a coded section in order.
class EntropyReader {
 public:
  // Throws Error (kFormat) if `data`, which must outlive the reader, cannot begin so.
  EntropyReader(Bytes data, std::size_t symbols, std::size_t alphabet);

  // The next symbols; throws Error (kFormat) if words are used up too early.
  void read(std::span<std::uint8_t> symbols);
  // After the last symbol; throws Error (kFormat) if the section does not end there.
  void finish() const;

 private:
  static constexpr int kProbabilityBits = 14;
  static constexpr std::uint32_t kSum = 1u << kProbabilityBits;

  // Of symbols for each of which there is a word.
  void read_safely(std::span<std::uint8_t> symbols);

  Bytes words_;
  std::size_t word_ = 0;
  std::size_t count_;
  std::size_t lane_ = 0;
  std::vector<std::uint32_t> states_;
  std::array<std::uint32_t, 256> frequencies_{};
  std::array<std::uint32_t, 256> starts_{};
  std::vector<std::uint8_t> symbol_of_slot_;
};

}  // namespace stapes::format
