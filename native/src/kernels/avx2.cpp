// AVX2 without VNNI: 8 rows and 4 inputs in one vpmaddubsw.
//
// vpmaddubsw adds two products of an unsigned and a signed byte and saturates at 16 bits; with the magnitude of the
// input and the level under the sign of the input, two products are at most 2 * 128 * 127 = 32512, so it never does.
// No header with inline functions may be included here: the linker could keep this file's copy for the whole program.
#include <immintrin.h>

#include "kernels/tables.h"

namespace stapes::kernels {
namespace {

constexpr std::size_t kPrefetch = 2048;  // bytes ahead; chosen with benchmarks/kernels.py
constexpr std::size_t kHalf = kPlane / 2;

using Vector = __m256i;

inline Vector load(const std::uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }

struct Inputs {
  Vector signs;       // the quad itself, repeated
  Vector magnitudes;  // 0 to 128

  explicit Inputs(const std::int8_t* inputs)
      : signs(_mm256_set1_epi32(*reinterpret_cast<const std::int32_t*>(inputs))), magnitudes(_mm256_abs_epi8(signs)) {}
};

inline Vector add_products(Vector sums, Vector levels, const Inputs& inputs) {
  const Vector pairs = _mm256_maddubs_epi16(inputs.magnitudes, _mm256_sign_epi8(levels, inputs.signs));
  return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// Sums of a tile: two vectors of 8 rows for each group of 16.
struct Sums {
  Vector sums[2 * kGroups];

  Sums() {
    for (Vector& each : sums) each = _mm256_setzero_si256();
  }
  void store(std::int32_t* target) const {
    for (int at = 0; at < 8; ++at) _mm256_storeu_si256(reinterpret_cast<__m256i*>(target + 8 * at), sums[at]);
  }
};

inline void add_quad8(Sums& sums, const std::uint8_t* planes, Vector, const Inputs& inputs) {
  for (int at = 0; at < 8; ++at) {
    sums.sums[at] = add_products(sums.sums[at], load(planes + static_cast<std::size_t>(at) * kHalf), inputs);
  }
}

inline void add_quad4(Sums& sums, const std::uint8_t* planes, Vector table, const Inputs& inputs) {
  const Vector nibble = _mm256_set1_epi8(15);
  for (int at = 0; at < 4; ++at) {  // halves of two planes: rows 0-7 and 8-15 of two groups
    const Vector codes = load(planes + static_cast<std::size_t>(at) * kHalf);
    const Vector low = _mm256_shuffle_epi8(table, _mm256_and_si256(codes, nibble));
    const Vector high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibble));
    const int group = at / 2 * 2, half = at % 2;
    sums.sums[2 * group + half] = add_products(sums.sums[2 * group + half], low, inputs);
    sums.sums[2 * group + 2 + half] = add_products(sums.sums[2 * group + 2 + half], high, inputs);
  }
}

using AddQuad = void (*)(Sums&, const std::uint8_t*, Vector, const Inputs&);

template <AddQuad add_quad, std::size_t kQuadBytes>
void dense(const Matrix& matrix, const Batch& batch) {
  const std::size_t columns = padded_columns(matrix.columns), rows = padded_rows(matrix.rows);
  const Vector table = load(reinterpret_cast<const std::uint8_t*>(matrix.levels.data()));
  const std::size_t tile_bytes = columns / kQuad * kQuadBytes;
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    // A tile stays in the second-level cache while every vector uses it.
    for (std::size_t vector = 0; vector < batch.count; ++vector) {
      const std::uint8_t* planes = matrix.planes.data() + row / kTileRows * tile_bytes;
      const std::int8_t* inputs = batch.inputs + vector * batch.input_stride;
      Sums sums;
      for (std::size_t column = 0; column < columns; column += kQuad) {
        for (std::size_t line = 0; line < kQuadBytes; line += kPlane) {
          _mm_prefetch(reinterpret_cast<const char*>(planes) + line + kPrefetch, _MM_HINT_T0);
        }
        add_quad(sums, planes, table, Inputs(inputs + column));
        planes += kQuadBytes;
      }
      sums.store(batch.sums + vector * batch.sum_stride + row);
    }
  }
}

}  // namespace

const Table kAvx2{.name = "avx2",
                  .multiply = {nullptr, nullptr, dense<add_quad4, 2 * kPlane>, nullptr, dense<add_quad8, 4 * kPlane>,
                               nullptr, nullptr}};

}  // namespace stapes::kernels
