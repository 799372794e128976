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

// sums[b, r] = sum over c of level[r, c] * inputs[b, c], exact; C is at most 2^16, so that no sum overflows.
using Multiply = void (*)(const Matrix& matrix, const Batch& batch);

struct Table {
  const char* name;
  Multiply multiply[kLayouts];  // by layout; null where these kernels do not run it

  Multiply multiply_for(Layout layout) const { return multiply[static_cast<std::size_t>(layout)]; }
  bool runs(Layout layout) const { return multiply_for(layout) != nullptr; }
};

// The kernels of this build that this CPU can run, slowest first; the first is the plain reference.
std::span<const Table* const> available();

const Table& best();

// The kernels of that name, or null where this CPU or this build has none.
const Table* named(const char* name);

}  // namespace stapes::kernels
