// AVX2 without VNNI: 8 rows and 4 inputs in one vpmaddubsw.
//
// vpmaddubsw adds two products of an unsigned and a signed byte and saturates at 16 bits; with the magnitude of the
// input and the level under the sign of the input, two products are at most 2 * 128 * 127 = 32512, so it never does.
// No header with inline functions may be included here: the linker could keep this file's copy for the whole program.
#include <immintrin.h>

#include "kernels/scalar.h"
#include "kernels/spectrum.h"
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

  // What the product is added to, null for nothing.
  explicit Sums(const std::int32_t* from) {
    for (int at = 0; at < 8; ++at) {
      const auto* const own = reinterpret_cast<const __m256i*>(from + 8 * at);
      sums[at] = from == nullptr ? _mm256_setzero_si256() : _mm256_loadu_si256(own);
    }
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
      std::int32_t* const target = batch.sums + vector * batch.sum_stride + row;
      Sums sums(batch.onto ? target : nullptr);
      for (std::size_t column = 0; column < columns; column += kQuad) {
        for (std::size_t line = 0; line < kQuadBytes; line += kPlane) {
          _mm_prefetch(reinterpret_cast<const char*>(planes) + line + kPrefetch, _MM_HINT_T0);
        }
        add_quad(sums, planes, table, Inputs(inputs + column));
        planes += kQuadBytes;
      }
      sums.store(target);
    }
  }
}

// Odd and even lanes of 32 bits are handled as 64 bits and put together again.
struct Scaling {
  __m128i shift;
  __m128i offset_shift;
  Vector sign;  // 2^63 after the shift
  Vector least;
  Vector most;

  explicit Scaling(const Requantiser& to)
      : shift(_mm_cvtsi32_si128(to.shift)),
        offset_shift(_mm_cvtsi32_si128(to.shift - 8)),
        sign(_mm256_srl_epi64(_mm256_set1_epi64x(INT64_MIN), shift)),
        least(_mm256_set1_epi64x(to.least)),
        most(_mm256_set1_epi64x(to.most)) {}

  Vector shifted(Vector values) const {  // arithmetically, which AVX2 has no instruction for
    const Vector positive = _mm256_xor_si256(values, _mm256_set1_epi64x(INT64_MIN));
    return _mm256_sub_epi64(_mm256_srl_epi64(positive, shift), sign);
  }
  // Of the lower halves of lanes of 64 bits.
  Vector half(Vector sums, Vector multipliers, Vector offsets) const {
    const Vector offset = _mm256_mul_epi32(offsets, _mm256_set1_epi64x(1));  // extends the sign
    const Vector scaled = _mm256_add_epi64(_mm256_mul_epi32(sums, multipliers), _mm256_sll_epi64(offset, offset_shift));
    const Vector value = shifted(scaled);
    const Vector at_least = _mm256_blendv_epi8(value, least, _mm256_cmpgt_epi64(least, value));
    return _mm256_blendv_epi8(at_least, most, _mm256_cmpgt_epi64(at_least, most));
  }
  Vector rows(const Requantiser& to, const std::int32_t* from, std::size_t row) const {
    const Vector sums = load32(from + row), multipliers = load32(to.multipliers + row), offsets = load32(to.offsets + row);
    const Vector even = half(sums, multipliers, offsets);
    const Vector odd = half(_mm256_srli_epi64(sums, 32), _mm256_srli_epi64(multipliers, 32), _mm256_srli_epi64(offsets, 32));
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
  }
  static Vector load32(const std::int32_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
};

// In vpmaddwd below one factor is never negative and below 2^16, so that its upper half, and what that is multiplied
// with, do not count.
inline Vector look_up(const Lines& lines, Vector x) {
  const Vector place = _mm256_add_epi32(x, _mm256_set1_epi32(32768));
  const Vector line = _mm256_i32gather_epi32(lines.lines, _mm256_srli_epi32(place, 8), 4);
  const Vector rise = _mm256_madd_epi16(line, _mm256_and_si256(place, _mm256_set1_epi32(255)));
  const Vector more = _mm256_srai_epi32(_mm256_add_epi32(rise, _mm256_set1_epi32(128)), 8);
  return _mm256_add_epi32(_mm256_srai_epi32(line, 16), more);
}

inline Vector saturated16(Vector values) {
  return _mm256_max_epi32(_mm256_min_epi32(values, _mm256_set1_epi32(32767)), _mm256_set1_epi32(-32768));
}

inline Vector load16(const std::int16_t* from) {
  return _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

inline __m128i narrowed16(Vector values) {
  return _mm_packs_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
}

inline void store16(std::int16_t* to, Vector values) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), narrowed16(values));
}

inline void store(std::int32_t* to, Vector values) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), values); }

inline void store(std::int16_t* to, Vector values) { store16(to, values); }

inline void store(std::int8_t* to, Vector values) {
  const __m128i words = narrowed16(values);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi16(words, words));
}

template <typename Value>
void requantise(const Requantising<Value>& given) {
  const Scaling scaling(given.to);
  for (std::size_t at = 0; at < given.count; ++at) {
    const std::int32_t* const sums = given.sums + at * given.sum_stride;
    Value* const values = given.values + at * given.value_stride;
    std::size_t row = 0;
    for (; row + 8 <= given.rows; row += 8) store(values + row, scaling.rows(given.to, sums, row));
    requantise_from(given, row, sums, values);
  }
}

inline void step8(const CellStep& step, const Scaling& scaling, std::size_t unit) {
  const Vector half = _mm256_set1_epi32(1 << 14);
  const auto gate = [&](std::size_t which) { return scaling.rows(step.gates, step.sums, which * step.units + unit); };
  const Vector in = look_up(*step.sigmoid, gate(0)), forget = look_up(*step.sigmoid, gate(1));
  const Vector fresh = look_up(*step.tanh, gate(2)), out = look_up(*step.sigmoid, gate(3));
  const Vector kept = _mm256_madd_epi16(forget, load16(step.cell + unit));
  const Vector added = _mm256_srai_epi32(_mm256_madd_epi16(in, fresh), 4);
  const Vector cell = saturated16(_mm256_srai_epi32(_mm256_add_epi32(_mm256_add_epi32(kept, added), half), 15));
  const Vector bent = look_up(*step.tanh, saturated16(_mm256_add_epi32(cell, cell)));
  const Vector hidden = _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(out, bent), half), 15);
  const Vector more = _mm256_srai_epi32(_mm256_add_epi32(hidden, _mm256_set1_epi32(16)), 5);
  const Vector narrow = _mm256_srai_epi32(_mm256_add_epi32(hidden, _mm256_set1_epi32(128)), 8);
  store16(step.cell + unit, cell);
  store16(step.stream + unit, _mm256_add_epi32(load16(step.stream + unit), more));
  store(step.hidden + unit, _mm256_max_epi32(narrow, _mm256_set1_epi32(-127)));
}

void step(const CellStep& step) {
  const Scaling scaling(step.gates);
  std::size_t unit = 0;
  for (; unit + 8 <= step.units; unit += 8) step8(step, scaling, unit);
  step_from(step, unit);
}

void centre(const Centring& centring) { centre_from(centring, 0); }

void join(const Joining& joining) {
  const Vector least = _mm256_set1_epi32(-127), most = _mm256_set1_epi32(127);
  std::size_t at = 0;
  for (; at + 8 <= joining.count; at += 8) {
    const Vector sum = _mm256_add_epi32(load16(joining.frame + at), load16(joining.prediction + at));
    const Vector bent = look_up(*joining.tanh, saturated16(_mm256_slli_epi32(sum, 2)));
    const Vector value = _mm256_srai_epi32(_mm256_add_epi32(bent, _mm256_set1_epi32(128)), 8);
    store(joining.activations + at, _mm256_min_epi32(_mm256_max_epi32(value, least), most));
  }
  join_from(joining, at);
}

}  // namespace

const Table kAvx2{.name = "avx2",
                  .multiply = {nullptr, nullptr, dense<add_quad4, 2 * kPlane>, nullptr, dense<add_quad8, 4 * kPlane>,
                               nullptr, nullptr},
                  .requantise = requantise<std::int32_t>,
                  .requantise16 = requantise<std::int16_t>,
                  .requantise8 = requantise<std::int8_t>,
                  .step = step,
                  .measure = moments_of,
                  .centre = centre,
                  .join = join,
                  .signals = Four::kSignals,
                  .window = window_of<Four>,
                  .transform = transform_of<Four>,
                  .powers = powers_of<Four>,
                  .filter = filter_of<Four>,
                  .normalise = normalise_all,
                  .extend = extend_all};

}  // namespace stapes::kernels
