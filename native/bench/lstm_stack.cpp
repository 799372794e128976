// What benchmarks/kernels.py measures: a stack of LSTM layers with random weights, and reading memory. Loaded by ctypes.
#include <immintrin.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/pack.h"
#include "kernels/table.h"
#include "network/lines.h"

namespace {

using namespace stapes::kernels;

constexpr std::int8_t kFour[] = {-127, -96, -74, -56, -41, -27, -14, 0, 11, 23, 36, 50, 66, 85, 108, 127};

// Letters: L layers, H units; one matrix [4 H, 2 H] a layer.
struct Stack {
  const Table* table;
  std::size_t layers, units;
  Arena arena;
  std::vector<Matrix> matrices;
  std::vector<std::int32_t> multipliers, offsets, sums;
  std::vector<std::int8_t> input;      // [2 H]
  std::vector<std::int8_t> hidden;     // [L, H]
  std::vector<std::int16_t> cell;      // [L, H]
  std::vector<std::int16_t> stream;    // [H]
  std::vector<float> scales, outputs;  // [4 H]
};

std::vector<std::int8_t> random_levels(std::size_t count, int bits, double zeros, std::mt19937& random) {
  std::vector<std::int8_t> levels(count);
  for (auto& level : levels) {
    const auto draw = static_cast<std::uint32_t>(random());
    if (static_cast<double>(draw >> 8 & 0xffff) < zeros * 65536) continue;
    if (bits == 8) {
      level = static_cast<std::int8_t>(static_cast<int>(draw % 255) - 127);
    } else if (bits == 6) {
      level = static_cast<std::int8_t>(static_cast<int>(draw % 63) - 31);
    } else {
      level = kFour[(draw % (1U << bits)) + 8 - (1U << (bits - 1))];
    }
    if (zeros > 0 && level == 0) level = 1;
  }
  return levels;
}

void quantise(const float* x, std::size_t count, std::int8_t* to) {
  float largest = 1e-9F;
  for (std::size_t at = 0; at < count; ++at) largest = std::max(largest, std::fabs(x[at]));
  const float factor = 127.0F / largest;
  for (std::size_t at = 0; at < count; ++at) to[at] = static_cast<std::int8_t>(std::lrintf(x[at] * factor));
}

__attribute__((target("avx512f"))) std::int64_t read_wide(const char* memory, std::size_t bytes, std::size_t ahead) {
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
  for (std::size_t at = 0; at + 256 <= bytes; at += 256) {
    if (ahead != 0) {
      for (std::size_t line = 0; line < 256; line += 64) _mm_prefetch(memory + at + ahead + line, _MM_HINT_T0);
    }
    a = _mm512_or_si512(a, _mm512_loadu_si512(memory + at));
    b = _mm512_or_si512(b, _mm512_loadu_si512(memory + at + 64));
    c = _mm512_or_si512(c, _mm512_loadu_si512(memory + at + 128));
    d = _mm512_or_si512(d, _mm512_loadu_si512(memory + at + 192));
  }
  alignas(64) std::int64_t words[8];
  _mm512_store_si512(words, _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d)));
  return words[0];
}

std::int64_t thread_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

}  // namespace

#define API extern "C" __attribute__((visibility("default")))

// Null if there are no such kernels here.
API Stack* stack_make(const char* kernels, std::size_t layers, std::size_t units, int bits, double zeros) {
  const Table* table = named(kernels);
  if (table == nullptr) return nullptr;
  std::mt19937 random(1);
  auto* stack = new Stack{table, layers, units, Arena(layers * packed_bytes_bound(4 * units, 2 * units)), {}, {}, {}, {},
                          {}, {}, {}, {}, {}, {}};
  for (std::size_t layer = 0; layer < layers; ++layer) {
    const auto levels = random_levels(8 * units * units, bits, zeros, random);
    const Layout layout = choose_layout(levels, zeros > 0, *table);
    stack->matrices.push_back(*pack(levels, 4 * units, 2 * units, levels, layout, stack->arena));
  }
  stack->multipliers.assign(4 * units, 1 << 30);
  stack->offsets.assign(4 * units, 128);
  stack->sums.resize(padded_rows(4 * units));
  stack->input.resize(padded_columns(2 * units));
  stack->hidden.resize(layers * units);
  stack->cell.resize(layers * units);
  stack->stream.resize(units);
  stack->scales.assign(4 * units, 1e-4F);
  stack->outputs.resize(4 * units);
  return stack;
}

API void stack_free(Stack* stack) { delete stack; }

API std::size_t stack_bytes(const Stack* stack) {
  std::size_t bytes = 0;
  for (const Matrix& matrix : stack->matrices) {
    bytes += matrix.planes.size_bytes() + matrix.masks.size_bytes() + matrix.corrections.size_bytes();
  }
  return bytes;
}

// One step of all layers, from x [H] (float) on.
API void stack_step(Stack* stack, const float* x) {
  const std::size_t units = stack->units;
  quantise(x, units, stack->input.data());
  for (std::size_t layer = 0; layer < stack->layers; ++layer) {
    std::int8_t* hidden = stack->hidden.data() + layer * units;
    std::memcpy(stack->input.data() + units, hidden, units);
    const Matrix& matrix = stack->matrices[layer];
    stack->table->multiply_for(matrix.layout)(
        matrix, {1, stack->input.data(), stack->input.size(), stack->sums.data(), stack->sums.size()});
    stack->table->step({stack->sums.data(),
                        {stack->multipliers.data(), stack->offsets.data(), 39, -32768, 32767},
                        &stapes::network::sigmoid_lines(),
                        &stapes::network::tanh_lines(),
                        units,
                        stack->cell.data() + layer * units,
                        stack->stream.data(),
                        hidden});
    std::memcpy(stack->input.data(), hidden, units);
  }
}

// The products of all matrices with x [2 H] (float), as floats.
API void stack_multiply(Stack* stack, const float* x) {
  quantise(x, 2 * stack->units, stack->input.data());
  for (const Matrix& matrix : stack->matrices) {
    stack->table->multiply_for(matrix.layout)(
        matrix, {1, stack->input.data(), stack->input.size(), stack->sums.data(), stack->sums.size()});
    for (std::size_t row = 0; row < stack->outputs.size(); ++row) {
      stack->outputs[row] = static_cast<float>(stack->sums[row]) * stack->scales[row];
    }
  }
}

// Nanoseconds of this thread for one step after the weights were thrown out of all caches and other memory was read.
// Measured here, where no cold interpreter takes part.
API std::int64_t stack_cold_ns(Stack* stack, const float* x, const char* memory, std::size_t bytes) {
  for (const Matrix& matrix : stack->matrices) {
    for (std::size_t at = 0; at < matrix.planes.size(); at += kPlane) _mm_clflush(&matrix.planes[at]);
    for (std::size_t at = 0; at < matrix.masks.size(); at += 8) _mm_clflush(&matrix.masks[at]);
  }
  _mm_mfence();
  read_wide(memory, bytes, 0);
  const std::int64_t begin = thread_ns();
  stack_step(stack, x);
  return thread_ns() - begin;
}

// Reads memory once from front to back with the widest loads; `ahead` bytes are prefetched, 0 for none.
API std::int64_t read_memory(const char* memory, std::size_t bytes, std::size_t ahead) {
  return read_wide(memory, bytes, ahead);
}

API char* memory_make(std::size_t bytes) {
  static Arena arena;
  arena = Arena(bytes);
  auto taken = arena.take(bytes);
  std::memset(taken.data(), 1, taken.size());
  return reinterpret_cast<char*>(taken.data());
}
