// The table of kernels: one per instruction set, the best one that this CPU runs chosen once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/matrix.h"

namespace stapes::kernels {

// B input vectors and their products. `inputs` [B] rows of at least padded_columns(C) readable int8, of which those beyond
// C have no influence; `sums` [B] rows of padded_rows(R) int32.
struct Batch {
  std::size_t count = 1;
  const std::int8_t* inputs = nullptr;
  std::size_t input_stride = 0;
  std::int32_t* sums = nullptr;
  std::size_t sum_stride = 0;
};

// sums[b, r] = sum over c of level[r, c] * inputs[b, c], exact; C is at most 2^17, so that no sum overflows.
using Multiply = void (*)(const Matrix& matrix, const Batch& batch);

// spec/numerics.md, section 3: clamp((acc * multipliers + offsets * 2^(shift - 8)) >> shift, least, most).
struct Requantiser {
  const std::int32_t* multipliers = nullptr;
  const std::int32_t* offsets = nullptr;  // the biases, plus 128
  int shift = 8;                          // 8 to 39
  std::int32_t least = 0;
  std::int32_t most = 0;
};

// `values` [count] from `sums` [count]; both may be the same.
using Requantise = void (*)(const Requantiser& requantiser, const std::int32_t* sums, std::size_t count,
                            std::int32_t* values);

// A function of Q3.12 by 256 straight lines: the value at a knot in the upper 16 bits, what is added up to the next one in
// the lower (spec/numerics.md, section 4).
struct alignas(64) Lines {
  std::int32_t lines[256];
};

// What follows the product of an LSTM layer with H units (spec/numerics.md, section 6).
struct CellStep {
  const std::int32_t* sums = nullptr;  // [4 H] in the order i, f, g, o
  Requantiser gates;                   // [4 H], to Q3.12
  const Lines* sigmoid = nullptr;
  const Lines* tanh = nullptr;
  std::size_t units = 0;           // H
  std::int16_t* cell = nullptr;    // [H] Q4.11, replaced
  std::int16_t* stream = nullptr;  // [H] Q5.10, to which the output is added
  std::int8_t* hidden = nullptr;   // [H] Q0.7, replaced
};
using Step = void (*)(const CellStep& step);

// A stretch of the entropy coder (spec/codecs.md, section 4): `count` symbols, one of each of as many lanes that follow each
// other, and for each of which there is a word.
inline constexpr std::size_t kLanesTogether = 16;
inline constexpr std::size_t kMostSymbols = 256;
inline constexpr std::size_t kFewSymbols = 64;
inline constexpr std::size_t kBehindSlots = 3;  // readable bytes behind the last slot
struct Coded {
  std::uint32_t* states = nullptr;                // [count], replaced
  const std::uint8_t* symbol_of_slot = nullptr;   // [2^14]
  const std::uint32_t* ranges = nullptr;          // [256] by symbol: frequency, and above 16 bits its first slot
  bool few_symbols = false;                       // whether all symbols are below kFewSymbols
  const std::uint8_t* words = nullptr;            // at least `count` u16
  std::size_t count = 0;                          // a multiple of kLanesTogether
  std::uint8_t* symbols = nullptr;                // [count]
};
// The number of words that were taken.
using Decode = std::size_t (*)(const Coded& coded);

struct Table {
  const char* name;
  Multiply multiply[kLayouts];  // by layout; null where these kernels do not run it
  Requantise requantise;
  Step step;
  Decode decode = nullptr;  // null where there is nothing better than one symbol at a time

  Multiply multiply_for(Layout layout) const { return multiply[static_cast<std::size_t>(layout)]; }
  bool runs(Layout layout) const { return multiply_for(layout) != nullptr; }
};

// The kernels of this build that this CPU can run, slowest first; the first is the plain reference.
std::span<const Table* const> available();

const Table& best();

// The kernels of that name, or null where this CPU or this build has none.
const Table* named(const char* name);

}  // namespace stapes::kernels
