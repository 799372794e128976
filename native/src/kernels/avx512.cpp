// AVX-512 with VNNI, VBMI and VBMI2: 16 rows and 4 inputs in one vpdpbusd.
//
// Inputs are made unsigned by adding 128, which the corrections of the rows take back. Codes become levels by vpermb,
// whose index is six bits: the table repeats, so bits above the code need no masking. The product of a quad takes two
// ports of four; what is left is for the shifts. Six-bit codes that rise with the levels need no table: they are the
// unsigned factor, and what their zero adds is taken back. No header whose inline functions other files share may be
// included here: the linker could keep this file's copy of them for the whole program.
#include <immintrin.h>

#include "kernels/avx512_products.h"
#include "kernels/avx512_search.h"
#include "kernels/spectrum.h"
#include "kernels/tables.h"

namespace stapes::kernels {
namespace {

// Sums, multipliers and offsets of 16 rows, as many as there are.
struct Rows {
  Vector sums, multipliers, offsets;

  Rows(const Requantiser& to, const std::int32_t* from, std::size_t row, __mmask16 some)
      : sums(_mm512_maskz_loadu_epi32(some, from + row)),
        multipliers(_mm512_maskz_loadu_epi32(some, to.multipliers + row)),
        offsets(_mm512_maskz_loadu_epi32(some, to.offsets + row)) {}
  // Products of the even rows, and of the odd ones, in 64 bits.
  Vector even() const { return _mm512_mul_epi32(sums, multipliers); }
  Vector odd() const { return _mm512_mul_epi32(_mm512_srli_epi64(sums, 32), _mm512_srli_epi64(multipliers, 32)); }
};

inline Vector interleaved(Vector even, Vector odd) { return _mm512_mask_blend_epi32(0xAAAA, even, odd); }

struct Scaling {
  __m128i shift;
  Vector offset_factor;  // -2^(shift - 8), which fits 32 bits
  Vector least;
  Vector most;

  explicit Scaling(const Requantiser& to)
      : shift(_mm_cvtsi32_si128(to.shift)),
        offset_factor(_mm512_set1_epi64(-(std::int64_t{1} << (to.shift - 8)))),
        least(_mm512_set1_epi64(to.least)),
        most(_mm512_set1_epi64(to.most)) {}

  Vector half(Vector products, Vector offsets) const {
    const Vector scaled = _mm512_sub_epi64(products, _mm512_mul_epi32(offsets, offset_factor));
    return _mm512_min_epi64(_mm512_max_epi64(_mm512_sra_epi64(scaled, shift), least), most);
  }
  Vector operator()(const Rows& rows) const {
    const Vector odd = half(rows.odd(), _mm512_srli_epi64(rows.offsets, 32));
    return interleaved(half(rows.even(), rows.offsets), _mm512_slli_epi64(odd, 32));
  }
  Vector clamped(Vector values) const { return values; }
};

// Where 32 bits are enough: (acc * multiplier + offset * 2^(shift - 8)) >> shift as (((acc * multiplier) >> (shift - 8)) + offset)
// >> 8. What is not clamped here goes into 16 bits, which saturate.
struct ShortScaling {
  __m128i down, up;
  Vector least;
  Vector most;

  explicit ShortScaling(const Requantiser& to)
      : down(_mm_cvtsi32_si128(to.shift - 8)),
        up(_mm_cvtsi32_si128(40 - to.shift)),
        least(_mm512_set1_epi32(to.least)),
        most(_mm512_set1_epi32(to.most)) {}

  Vector operator()(const Rows& rows) const {
    const Vector scaled = interleaved(_mm512_srl_epi64(rows.even(), down), _mm512_sll_epi64(rows.odd(), up));
    return _mm512_srai_epi32(_mm512_add_epi32(scaled, rows.offsets), 8);
  }
  Vector clamped(Vector values) const { return _mm512_min_epi32(_mm512_max_epi32(values, least), most); }
};


inline void store(std::int32_t* to, __mmask16 some, Vector values) { _mm512_mask_storeu_epi32(to, some, values); }

inline void store(std::int16_t* to, __mmask16 some, Vector values) {
  _mm256_mask_storeu_epi16(to, some, _mm512_cvtepi32_epi16(values));
}

inline void store(std::int8_t* to, __mmask16 some, Vector values) {
  _mm_mask_storeu_epi8(to, some, _mm512_cvtepi32_epi8(values));
}

template <typename Scaling, typename Value>
void requantise_by(const Requantising<Value>& given) {
  const Requantiser to = given.to;  // a copy, which nothing that is written can change
  const Scaling scaling(to);
  for (std::size_t at = 0; at < given.count; ++at) {
    const std::int32_t* const sums = given.sums + at * given.sum_stride;
    Value* const values = given.values + at * given.value_stride;
    for (std::size_t row = 0; row < given.rows; row += 16) {
      const __mmask16 some = lanes(given.rows - row);
      store(values + row, some, scaling.clamped(scaling(Rows(to, sums, row, some))));
    }
  }
}

template <typename Value>
void requantise(const Requantising<Value>& given) {
  given.to.is_short ? requantise_by<ShortScaling>(given) : requantise_by<Scaling>(given);
}

// The first lanes of 32, as many as are left.
inline __mmask32 lanes32(std::size_t left) { return left >= 32 ? ~__mmask32{0} : (__mmask32{1} << left) - 1; }

// Of 32 integers of 16 bits; below vpmulhrsw is (a * b + 2^14) >> 15.
struct Place {
  Vector index;  // of the line
  Vector rest;   // what is beyond its knot, in Q0.15
  __mmask32 bit6, bit7;

  explicit Place(Vector x) {
    const Vector place = _mm512_xor_si512(x, _mm512_set1_epi16(-32768));
    index = _mm512_srli_epi16(place, 8);
    rest = _mm512_slli_epi16(_mm512_and_si512(place, _mm512_set1_epi16(255)), 7);
    bit6 = _mm512_test_epi16_mask(place, _mm512_set1_epi16(1 << 14));
    bit7 = _mm512_movepi16_mask(place);
  }
  Vector of(const std::int16_t* values) const {
    const auto quarter = [&](std::size_t from) {
      return _mm512_permutex2var_epi16(_mm512_load_si512(values + from), index, _mm512_load_si512(values + from + 32));
    };
    const Vector low = _mm512_mask_blend_epi16(bit6, quarter(0), quarter(64));
    const Vector high = _mm512_mask_blend_epi16(bit6, quarter(128), quarter(192));
    return _mm512_mask_blend_epi16(bit7, low, high);
  }
};

inline Vector look_up(const Lines& lines, Vector x) {
  const Place place(x);
  return _mm512_add_epi16(place.of(lines.knots), _mm512_mulhrs_epi16(place.of(lines.rises), place.rest));
}

// Products of 32 pairs of 16 bits, in the order in which vpackssdw takes them.
struct Products {
  Vector low, high;

  Products(Vector a, Vector b) {
    const Vector lower = _mm512_mullo_epi16(a, b), upper = _mm512_mulhi_epi16(a, b);
    low = _mm512_unpacklo_epi16(lower, upper);
    high = _mm512_unpackhi_epi16(lower, upper);
  }
};

inline Vector load16(const std::int16_t* from, __mmask32 some) { return _mm512_maskz_loadu_epi16(some, from); }

// (f * c + ((i * g) >> 4) + 2^14) >> 15, saturated.
inline Vector next_cell(Vector forget, Vector cell, Vector in, Vector fresh) {
  const Products kept(forget, cell), added(in, fresh);
  const Vector half = _mm512_set1_epi32(1 << 14);
  const auto sum = [&](Vector own, Vector more) {
    return _mm512_srai_epi32(_mm512_add_epi32(_mm512_add_epi32(own, _mm512_srai_epi32(more, 4)), half), 15);
  };
  return _mm512_packs_epi32(sum(kept.low, added.low), sum(kept.high, added.high));
}

// 32 lanes of 32 bits in 16, saturated.
inline Vector narrowed(Vector first, Vector second) {
  const Vector order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  return _mm512_permutexvar_epi64(order, _mm512_packs_epi32(first, second));
}

template <typename Scaling>
void step_by(const CellStep& step) {
  const Scaling scaling(step.gates);
  for (std::size_t unit = 0; unit < step.units; unit += 32) {
    const __mmask32 some = lanes32(step.units - unit);
    const auto gate = [&](std::size_t which) {
      const std::size_t row = which * step.units + unit;
      const auto half = [&](std::size_t from) {
        return scaling(Rows(step.gates, step.sums, row + from, static_cast<__mmask16>(some >> from)));
      };
      return narrowed(half(0), half(16));
    };
    const Vector in = look_up(*step.sigmoid, gate(0)), forget = look_up(*step.sigmoid, gate(1));
    const Vector fresh = look_up(*step.tanh, gate(2)), out = look_up(*step.sigmoid, gate(3));
    const Vector cell = next_cell(forget, load16(step.cell + unit, some), in, fresh);
    const Vector hidden = _mm512_mulhrs_epi16(out, look_up(*step.tanh, _mm512_adds_epi16(cell, cell)));
    const Vector more = _mm512_mulhrs_epi16(hidden, _mm512_set1_epi16(1 << 10));  // (h + 16) >> 5
    const Vector narrow = _mm512_mulhrs_epi16(hidden, _mm512_set1_epi16(1 << 7));
    _mm512_mask_storeu_epi16(step.cell + unit, some, cell);
    _mm512_mask_storeu_epi16(step.stream + unit, some, _mm512_adds_epi16(load16(step.stream + unit, some), more));
    _mm512_mask_cvtsepi16_storeu_epi8(step.hidden + unit, some, _mm512_max_epi16(narrow, _mm512_set1_epi16(-127)));
  }
}

void step(const CellStep& step) { step.gates.is_short ? step_by<ShortScaling>(step) : step_by<Scaling>(step); }

// Sums that saturate are as far beyond the ends of the table as they would be.
void join(const Joining& joining) {
  for (std::size_t at = 0; at < joining.count; at += 32) {
    const __mmask32 some = lanes32(joining.count - at);
    const Vector sum = _mm512_adds_epi16(load16(joining.frame + at, some), load16(joining.prediction + at, some));
    const Vector twice = _mm512_adds_epi16(sum, sum), bent = look_up(*joining.tanh, _mm512_adds_epi16(twice, twice));
    const Vector narrow = _mm512_mulhrs_epi16(bent, _mm512_set1_epi16(1 << 7));
    const Vector value = _mm512_max_epi16(narrow, _mm512_set1_epi16(-127));
    _mm512_mask_cvtsepi16_storeu_epi8(joining.activations + at, some, value);
  }
}

Moments measure(const std::int16_t* stream, std::size_t count) {
  Vector total = _mm512_setzero_si512(), squares = total;
  for (std::size_t at = 0; at < count; at += 32) {
    const Vector values = load16(stream + at, lanes32(count - at));
    total = _mm512_add_epi32(total, _mm512_madd_epi16(values, _mm512_set1_epi16(1)));
    // Two squares are at most 2^31, which is right without a sign.
    const Vector pairs = _mm512_madd_epi16(values, values);
    const Vector even = _mm512_and_si512(pairs, _mm512_set1_epi64(0xffffffff)), odd = _mm512_srli_epi64(pairs, 32);
    squares = _mm512_add_epi64(squares, _mm512_add_epi64(even, odd));
  }
  return {_mm512_reduce_add_epi32(total), _mm512_reduce_add_epi64(squares)};
}

// What is centred has at most 29 bits.
void centre(const Centring& centring) {
  const Vector width = _mm512_set1_epi64(static_cast<std::int64_t>(centring.count));
  const Vector total = _mm512_set1_epi64(centring.total), root = _mm512_set1_epi64(centring.root);
  const Vector half = _mm512_set1_epi64(std::int64_t{1} << (centring.shift - 1));
  const __m128i shift = _mm_cvtsi32_si128(centring.shift);
  for (std::size_t at = 0; at < centring.count; at += 8) {
    const std::size_t left = centring.count - at;
    const auto some = static_cast<__mmask8>(left >= 8 ? 0xFFU : (1U << left) - 1);
    const Vector values = _mm512_cvtepi16_epi64(_mm_maskz_loadu_epi16(some, centring.stream + at));
    const Vector centred = _mm512_sub_epi64(_mm512_mul_epi32(values, width), total);
    const Vector scaled = _mm512_sra_epi64(_mm512_add_epi64(_mm512_mul_epi32(centred, root), half), shift);
    _mm256_mask_storeu_epi32(centring.normed + at, some, _mm512_cvtepi64_epi32(scaled));
  }
}

}  // namespace

const Table kAvx512{.name = "avx512",
                    .multiply = {For<Layout::dense2>::multiply, For<Layout::dense3>::multiply,
                                 For<Layout::dense4>::multiply, For<Layout::dense6>::multiply,
                                 For<Layout::dense8>::multiply, For<Layout::masked4>::multiply,
                                 For<Layout::masked8>::multiply},
                    .requantise = requantise<std::int32_t>,
                    .requantise16 = requantise<std::int16_t>,
                    .requantise8 = requantise<std::int8_t>,
                    .step = step,
                    .measure = measure,
                    .centre = centre,
                    .join = join,
                    .signals = Eight::kSignals,
                    .window = window_of<Eight>,
                    .transform = transform_of<Eight>,
                    .powers = powers_of<Eight>,
                    .filter = filter_of<Eight>,
                    .normalise = normalise,
                    .extend = extend,
                    .decode = decode,
                    .look_up = look_up};

}  // namespace stapes::kernels
