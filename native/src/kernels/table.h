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
  // Whether the products are added to what `sums` hold.
  bool onto = false;
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
  // Whether (acc * multipliers) >> (shift - 8), and that plus the offset, fit 32 bits for every accumulator there will be.
  bool is_short = false;
};

// Vectors of R values out of as many sums.
template <typename Value>
struct Requantising {
  Requantiser to;  // bounds that `Value` holds
  std::size_t rows = 0;
  std::size_t count = 1;
  const std::int32_t* sums = nullptr;  // [count, R], vectors `sum_stride` apart
  std::size_t sum_stride = 0;
  Value* values = nullptr;  // [count, R], vectors `value_stride` apart; may be `sums` themselves
  std::size_t value_stride = 0;
};
template <typename Value>
using Requantise = void (*)(const Requantising<Value>& requantising);

// A function of Q3.12 by 256 straight lines (spec/numerics.md, section 4).
struct alignas(64) Lines {
  // The value at a knot in the upper 16 bits, what is added up to the next one in the lower; and both by themselves.
  std::int32_t lines[256];
  std::int16_t knots[256];
  std::int16_t rises[256];

  // Line `at`, from `knot` to `next`.
  void set(std::size_t at, std::int32_t knot, std::int32_t next);
};

// What follows the product of an LSTM layer with H units (spec/numerics.md, section 6).
struct CellStep {
  const std::int32_t* sums = nullptr;  // [4 H] in the order i, f, g, o
  Requantiser gates;                   // [4 H], to Q3.12 of 16 bits
  const Lines* sigmoid = nullptr;
  const Lines* tanh = nullptr;
  std::size_t units = 0;           // H
  std::int16_t* cell = nullptr;    // [H] Q4.11, replaced
  std::int16_t* stream = nullptr;  // [H] Q5.10, to which the output is added
  std::int8_t* hidden = nullptr;   // [H] Q0.7, replaced
};
using Step = void (*)(const CellStep& step);

// Of H values of a stream, at most 4096 (spec/numerics.md, section 5): their sum, and that of their squares.
struct Moments {
  std::int64_t total = 0;
  std::int64_t squares = 0;
};
using Measure = Moments (*)(const std::int16_t* stream, std::size_t count);

// normed[i] = ((count * stream[i] - total) * root + 2^(shift - 1)) >> shift
struct Centring {
  const std::int16_t* stream = nullptr;  // [count]
  std::size_t count = 0;                 // at most 4096
  std::int64_t total = 0;
  std::int64_t root = 0;           // 2^15 to 2^16
  int shift = 4;                   // 4 to 31
  std::int32_t* normed = nullptr;  // [count]
};
using Centre = void (*)(const Centring& centring);

// What the output matrix takes of an encoder frame and a predictor part (spec/numerics.md, section 7, step 7).
struct Joining {
  const std::int16_t* frame = nullptr;       // [count] Q5.10
  const std::int16_t* prediction = nullptr;  // [count] Q5.10
  std::size_t count = 0;
  const Lines* tanh = nullptr;
  std::int8_t* activations = nullptr;  // [count] Q0.7
};
using Join = void (*)(const Joining& joining);

// What of the windows of S signals side by side is transformed: the samples less their mean and less `preemphasis` times the
// one before, weighted. S is that of the table.
struct Windowing {
  const float* samples = nullptr;  // [count, S]
  const float* weights = nullptr;  // [count]
  std::size_t count = 0;
  float preemphasis = 0;
  double* re = nullptr;  // [(count + 1) / 2, S] the even ones
  double* im = nullptr;  // [count / 2, S] the odd ones
};
using Window = void (*)(const Windowing& windowing);

// One step of Stockham's transform, of `stride` interleaved signals of radix * parts complex points each.
struct TransformStep {
  std::size_t radix = 4;  // 2 or 4
  std::size_t parts = 0;
  std::size_t stride = 0;
  // For part p the factors w^p, w^2p, w^3p (radix 2: w^p alone), w = exp(-2 pi i / points).
  const double* factors_re = nullptr;
  const double* factors_im = nullptr;
  const double* re = nullptr;
  const double* im = nullptr;
  double* out_re = nullptr;  // no part of what is read
  double* out_im = nullptr;
};
using Transform = void (*)(const TransformStep& step);

// Powers [points, lanes] of real signals, of the transforms [points, lanes] of their even samples as real and their odd ones as
// imaginary parts.
struct PowerStep {
  std::size_t points = 0;
  std::size_t lanes = 1;  // 1 or S
  // exp(-pi i k / points)
  const double* factors_re = nullptr;
  const double* factors_im = nullptr;
  const double* re = nullptr;
  const double* im = nullptr;
  double* power = nullptr;
};
using Powers = void (*)(const PowerStep& step);

// Natural logarithms of sums of weighted powers, none of which is below `floor`; rounded from what the library gives.
struct Band {
  std::size_t first = 0;  // of the points that are summed
  std::size_t count = 0;
};
struct Filtering {
  const double* power = nullptr;    // [points, S]
  const Band* bands = nullptr;      // [count]
  std::size_t count = 0;
  const double* weights = nullptr;  // of the first band, of the second, …
  double floor = 0;                 // a normal number
  float* logs = nullptr;            // [count, S]
};
using Filter = void (*)(const Filtering& filtering);

// Logits, of which a step is 2^-12, to natural logarithms of probabilities. With n steps less than the largest logit, and at
// most kMostSteps, exp(-n / 2^12) is coarse[n / kFineSteps] * fine[n % kFineSteps]; every fourth one is added up by itself.
inline constexpr std::size_t kFineSteps = 512;
inline constexpr std::size_t kCoarseSteps = 512;
inline constexpr std::uint32_t kMostSteps = kCoarseSteps * kFineSteps - 1;
struct Normalising {
  float* logits = nullptr;         // [count], replaced; less than 2^24 steps apart
  std::size_t count = 0;           // at least 1
  const double* coarse = nullptr;  // [kCoarseSteps]
  const double* fine = nullptr;    // [kFineSteps]
};
using Normalise = void (*)(const Normalising& normalising);

// extended[i] = before + heard[i] + expected[i] + hoped[i], in this order; the largest of them is returned, minus infinity where
// none is a number.
struct Extending {
  double before = 0;
  const float* heard = nullptr;     // [count]
  const float* expected = nullptr;  // [count]
  const double* hoped = nullptr;    // [count]
  std::size_t count = 0;
  double* extended = nullptr;  // [count]
};
using Extend = double (*)(const Extending& extending);

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

// The entries of a table of 256 bytes that the `count` bytes of `places` stand for.
using LookUp = void (*)(const std::uint8_t* table, const std::uint8_t* places, std::size_t count, std::uint8_t* entries);

struct Table {
  const char* name;
  Multiply multiply[kLayouts];  // by layout; null where these kernels do not run it
  Requantise<std::int32_t> requantise;
  Requantise<std::int16_t> requantise16;
  Requantise<std::int8_t> requantise8;
  Step step;
  Measure measure;
  Centre centre;
  Join join;
  std::size_t signals;  // S, side by side in what follows
  Window window;
  Transform transform;
  Powers powers;
  Filter filter;
  Normalise normalise;
  Extend extend;
  Decode decode = nullptr;   // null where there is nothing better than one symbol at a time
  LookUp look_up = nullptr;  // the same

  template <typename Value>
  Requantise<Value> requantise_to() const {
    if constexpr (sizeof(Value) == 1) {
      return requantise8;
    } else if constexpr (sizeof(Value) == 2) {
      return requantise16;
    } else {
      return requantise;
    }
  }
  Multiply multiply_for(Layout layout) const { return multiply[static_cast<std::size_t>(layout)]; }
  bool runs(Layout layout) const { return multiply_for(layout) != nullptr; }
};

// The kernels of this build that this CPU can run, slowest first; the first is the plain reference.
std::span<const Table* const> available();

const Table& best();

// The kernels of that name, or null where this CPU or this build has none.
const Table* named(const char* name);

}  // namespace stapes::kernels
