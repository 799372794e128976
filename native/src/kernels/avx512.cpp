// AVX-512 with VNNI, VBMI and VBMI2: 16 rows and 4 inputs in one vpdpbusd.
//
// Inputs are made unsigned by adding 128, which the corrections of the rows take back. Codes become levels by vpermb,
// whose index is six bits: the table repeats, so bits above the code need no masking. The product of a quad takes two
// ports of four; what is left is for the shifts. Six-bit codes that rise with the levels need no table: they are the
// unsigned factor, and what their zero adds is taken back. No header with inline functions may be included here: the linker
// could keep this file's copy of them for the whole program.
#include <immintrin.h>

#include "kernels/spectrum.h"
#include "kernels/tables.h"

namespace stapes::kernels {
namespace {

constexpr std::size_t kAhead = 1024;  // bytes that masked kernels prefetch; what dense ones read, the CPU foresees

using Vector = __m512i;

inline Vector load(const std::uint8_t* from) { return _mm512_loadu_si512(from); }

inline void prefetch(const void* at) { _mm_prefetch(static_cast<const char*>(at) + kAhead, _MM_HINT_T0); }

// Bits of `low` where `mask` has ones, of `high` elsewhere.
inline Vector select(Vector mask, Vector low, Vector high) { return _mm512_ternarylogic_epi64(mask, low, high, 0xCA); }

// The levels of the four groups of a quad, quad after quad; `pair` handles two quads.
template <Layout layout>
struct Reader;

struct Groups {
  Vector levels[kGroups];
};

struct TableReader {
  Vector table;
  explicit TableReader(const Matrix& matrix) : table(load(reinterpret_cast<const std::uint8_t*>(matrix.levels.data()))) {}
  Vector look_up(Vector codes) const { return _mm512_permutexvar_epi8(codes, table); }
};

template <>
struct Reader<Layout::dense8> {
  static constexpr std::size_t kPairBytes = 8 * kPlane;
  explicit Reader(const Matrix&) {}
  Groups quad(const std::uint8_t* planes, int which) const {
    planes += which * 4 * static_cast<int>(kPlane);
    return {{load(planes), load(planes + kPlane), load(planes + 2 * kPlane), load(planes + 3 * kPlane)}};
  }
};

template <>
struct Reader<Layout::dense6> : TableReader {
  static constexpr std::size_t kPairBytes = 6 * kPlane;
  using TableReader::TableReader;
  Groups quad(const std::uint8_t* planes, int which) const {
    planes += which * 3 * static_cast<int>(kPlane);
    const Vector a = load(planes), b = load(planes + kPlane), c = load(planes + 2 * kPlane);
    const Vector ab = select(_mm512_set1_epi8(3), _mm512_srli_epi16(a, 6), _mm512_srli_epi16(b, 4));
    const Vector abc = select(_mm512_set1_epi8(15), ab, _mm512_srli_epi16(c, 2));
    return {{look_up(a), look_up(b), look_up(c), look_up(abc)}};
  }
};

template <>
struct Reader<Layout::dense4> : TableReader {
  static constexpr std::size_t kPairBytes = 4 * kPlane;
  using TableReader::TableReader;
  Groups quad(const std::uint8_t* planes, int which) const {
    planes += which * 2 * static_cast<int>(kPlane);
    const Vector a = load(planes), b = load(planes + kPlane);
    return {{look_up(a), look_up(_mm512_srli_epi16(a, 4)), look_up(b), look_up(_mm512_srli_epi16(b, 4))}};
  }
};

template <>
struct Reader<Layout::dense3> : TableReader {
  static constexpr std::size_t kPairBytes = 3 * kPlane;
  using TableReader::TableReader;
  Groups quad(const std::uint8_t* planes, int which) const {
    const Vector a = load(planes), b = load(planes + kPlane);
    if (which == 0) {
      return {{look_up(a), look_up(_mm512_srli_epi16(a, 3)), look_up(b), look_up(_mm512_srli_epi16(b, 3))}};
    }
    const Vector c = load(planes + 2 * kPlane), low = _mm512_set1_epi8(3);
    const Vector third = select(low, _mm512_srli_epi16(a, 6), _mm512_srli_epi16(c, 4));
    const Vector fourth = select(low, _mm512_srli_epi16(b, 6), _mm512_srli_epi16(c, 5));
    return {{look_up(c), look_up(_mm512_srli_epi16(c, 3)), look_up(third), look_up(fourth)}};
  }
};

template <>
struct Reader<Layout::dense2> : TableReader {
  static constexpr std::size_t kPairBytes = 2 * kPlane;
  using TableReader::TableReader;
  Groups quad(const std::uint8_t* planes, int which) const {
    const Vector a = load(planes + which * static_cast<int>(kPlane));
    return {{look_up(a), look_up(_mm512_srli_epi16(a, 2)), look_up(_mm512_srli_epi16(a, 4)),
             look_up(_mm512_srli_epi16(a, 6))}};
  }
};

inline Vector quad_of(const std::int8_t* inputs) {
  return _mm512_set1_epi32(*reinterpret_cast<const std::int32_t*>(inputs));
}

inline Vector unsigned_quad(const std::int8_t* inputs) {
  return _mm512_xor_si512(quad_of(inputs), _mm512_set1_epi8(-128));
}

template <std::size_t B>
struct Sums {
  Vector sums[B][kGroups];

  Sums() {
    for (auto& own : sums) {
      for (Vector& sum : own) sum = _mm512_setzero_si512();
    }
  }
  Sums(const std::int32_t* corrections, const Batch& batch, std::size_t row) {
    for (std::size_t vector = 0; vector < B; ++vector) {
      for (int group = 0; group < 4; ++group) sums[vector][group] = _mm512_loadu_si512(corrections + row + 16 * group);
    }
    if (batch.onto) add_stored(batch, row);
  }
  Sums(const Vector (&starts)[B], const Batch& batch, std::size_t row) {
    for (std::size_t vector = 0; vector < B; ++vector) {
      for (int group = 0; group < 4; ++group) sums[vector][group] = starts[vector];
    }
    if (batch.onto) add_stored(batch, row);
  }
  void add_stored(const Batch& batch, std::size_t row) {
    for (std::size_t vector = 0; vector < B; ++vector) {
      const std::int32_t* stored = batch.sums + vector * batch.sum_stride + row;
      for (int group = 0; group < 4; ++group) {
        sums[vector][group] = _mm512_add_epi32(sums[vector][group], _mm512_loadu_si512(stored + 16 * group));
      }
    }
  }
  void add(const Sums& other) {
    for (std::size_t vector = 0; vector < B; ++vector) {
      for (int group = 0; group < 4; ++group) {
        sums[vector][group] = _mm512_add_epi32(sums[vector][group], other.sums[vector][group]);
      }
    }
  }
  void add(const Groups& groups, const Batch& batch, std::size_t column) {
    for (std::size_t vector = 0; vector < B; ++vector) {
      const Vector inputs = unsigned_quad(batch.inputs + vector * batch.input_stride + column);
      for (int group = 0; group < 4; ++group) {
        sums[vector][group] = _mm512_dpbusd_epi32(sums[vector][group], inputs, groups.levels[group]);
      }
    }
  }
  // Codes are never negative: they take the place of the inputs, and are multiplied with these as they are.
  void add_codes(const Groups& codes, const Batch& batch, std::size_t column) {
    for (std::size_t vector = 0; vector < B; ++vector) {
      const Vector inputs = quad_of(batch.inputs + vector * batch.input_stride + column);
      for (int group = 0; group < 4; ++group) {
        sums[vector][group] = _mm512_dpbusd_epi32(sums[vector][group], codes.levels[group], inputs);
      }
    }
  }
  void store(const Batch& batch, std::size_t row) const {
    for (std::size_t vector = 0; vector < B; ++vector) {
      std::int32_t* target = batch.sums + vector * batch.sum_stride + row;
      for (int group = 0; group < 4; ++group) _mm512_storeu_si512(target + 16 * group, sums[vector][group]);
    }
  }
};

// One vector alone: the two quads of a pair have sums of their own, since each product waits for the one before it.
template <Layout layout>
void dense_alone(const Matrix& matrix, const Batch& batch) {
  const Reader<layout> reader(matrix);
  const std::size_t columns = padded_columns(matrix.columns), rows = padded_rows(matrix.rows);
  const std::uint8_t* planes = matrix.planes.data();
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    Sums<1> even(matrix.corrections.data(), batch, row), odd;
    for (std::size_t column = 0; column < columns; column += 2 * kQuad) {
      even.add(reader.quad(planes, 0), batch, column);
      odd.add(reader.quad(planes, 1), batch, column + kQuad);
      planes += Reader<layout>::kPairBytes;
    }
    even.add(odd);
    even.store(batch, row);
  }
}

template <Layout layout, std::size_t B>
void dense(const Matrix& matrix, const Batch& batch) {
  const Reader<layout> reader(matrix);
  const std::size_t columns = padded_columns(matrix.columns), rows = padded_rows(matrix.rows);
  const std::uint8_t* planes = matrix.planes.data();
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    Sums<B> sums(matrix.corrections.data(), batch, row);
    for (std::size_t column = 0; column < columns; column += 2 * kQuad) {
      sums.add(reader.quad(planes, 0), batch, column);
      sums.add(reader.quad(planes, 1), batch, column + kQuad);
      planes += Reader<layout>::kPairBytes;
    }
    sums.store(batch, row);
  }
}

// What the zero of six-bit codes adds to a sum, to be taken back: in every lane.
inline Vector zero_taken_back(const std::int8_t* inputs, std::size_t columns) {
  Vector sums = _mm512_setzero_si512();
  for (std::size_t column = 0; column < columns; column += kPlane) {
    const std::size_t left = columns - column;
    const __mmask64 some = left >= kPlane ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), _mm512_maskz_loadu_epi8(some, inputs + column));
  }
  return _mm512_set1_epi32(-kSixBitZero * _mm512_reduce_add_epi32(sums));
}

template <std::size_t B>
struct Starts {
  Vector of[B];
  Starts(const Batch& batch, std::size_t columns) {
    for (std::size_t vector = 0; vector < B; ++vector) {
      of[vector] = zero_taken_back(batch.inputs + vector * batch.input_stride, columns);
    }
  }
};

inline Groups linear_quad(const std::uint8_t* planes) {
  const Vector a = load(planes), b = load(planes + kPlane), c = load(planes + 2 * kPlane);
  const Vector code = _mm512_set1_epi8(63);
  const Vector ab = select(_mm512_set1_epi8(3), _mm512_srli_epi16(a, 6), _mm512_srli_epi16(b, 4));
  const Vector abc = select(_mm512_set1_epi8(15), ab, _mm512_srli_epi16(c, 2));
  return {{_mm512_and_si512(a, code), _mm512_and_si512(b, code), _mm512_and_si512(c, code), _mm512_and_si512(abc, code)}};
}

template <std::size_t B>
void linear(const Matrix& matrix, const Batch& batch) {
  const std::size_t columns = padded_columns(matrix.columns), rows = padded_rows(matrix.rows);
  const Starts<B> starts(batch, columns);
  const std::uint8_t* planes = matrix.planes.data();
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    Sums<B> sums(starts.of, batch, row);
    for (std::size_t column = 0; column < columns; column += kQuad) {
      sums.add_codes(linear_quad(planes), batch, column);
      planes += 3 * kPlane;
    }
    sums.store(batch, row);
  }
}

// The same of six bits: whole bytes are multiplied, and their upper bits by themselves, which both takes them back from the
// first three groups and makes the fourth. Twice two bits more than a code fit the sums where C is at most 2^16.
struct Bytes {
  Vector whole[3], upper[3];

  Bytes() {
    for (int plane = 0; plane < 3; ++plane) whole[plane] = upper[plane] = _mm512_setzero_si512();
  }
  void add(const std::uint8_t* planes, Vector inputs) {
    for (int plane = 0; plane < 3; ++plane) {
      const Vector bytes = load(planes + static_cast<std::size_t>(plane) * kPlane);
      whole[plane] = _mm512_dpbusd_epi32(whole[plane], bytes, inputs);
      upper[plane] = _mm512_dpbusd_epi32(upper[plane], _mm512_and_si512(bytes, _mm512_set1_epi8(-64)), inputs);
    }
  }
  void add_to(Sums<1>& sums) const {
    for (int group = 0; group < 3; ++group) {
      const Vector own = _mm512_sub_epi32(whole[group], upper[group]);
      sums.sums[0][group] = _mm512_add_epi32(sums.sums[0][group], own);
    }
    const Vector low = _mm512_add_epi32(_mm512_srai_epi32(upper[0], 6), _mm512_srai_epi32(upper[1], 4));
    const Vector fourth = _mm512_add_epi32(low, _mm512_srai_epi32(upper[2], 2));
    sums.sums[0][3] = _mm512_add_epi32(sums.sums[0][3], fourth);
  }
};
constexpr std::size_t kMostColumnsAlone = 1 << 16;

void linear_alone(const Matrix& matrix, const Batch& batch) {
  const std::size_t columns = padded_columns(matrix.columns), rows = padded_rows(matrix.rows);
  const Starts<1> starts(batch, columns);
  const std::uint8_t* planes = matrix.planes.data();
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    Bytes even, odd;
    for (std::size_t column = 0; column < columns; column += 2 * kQuad) {
      even.add(planes, quad_of(batch.inputs + column));
      odd.add(planes + 3 * kPlane, quad_of(batch.inputs + column + kQuad));
      planes += 6 * kPlane;
    }
    Sums<1> sums(starts.of, batch, row);
    even.add_to(sums);
    odd.add_to(sums);
    sums.store(batch, row);
  }
}

inline std::size_t bits(std::uint64_t mask) { return static_cast<std::size_t>(_mm_popcnt_u64(mask)); }

inline Vector expand(std::uint64_t mask, Vector values) { return _mm512_maskz_expand_epi8(mask, values); }

// Moves `values` over those of one quad.
template <Layout layout>
inline Groups masked_quad(const std::uint64_t* masks, const std::uint8_t*& values, Vector table) {
  Groups groups;
  if constexpr (layout == Layout::masked4) {
    for (int half = 0; half < 2; ++half) {
      const std::uint64_t first = masks[2 * half], second = masks[2 * half + 1];
      const Vector codes = load(values);
      const Vector low = _mm512_permutexvar_epi8(codes, table);
      const Vector high = _mm512_permutexvar_epi8(_mm512_srli_epi16(codes, 4), table);
      groups.levels[2 * half] = expand(first, low);
      groups.levels[2 * half + 1] = expand(second, high);
      const std::size_t more = bits(first), most = bits(second);
      values += more > most ? more : most;
    }
  } else {
    for (int group = 0; group < 4; ++group) {
      groups.levels[group] = expand(masks[group], load(values));
      values += bits(masks[group]);
    }
  }
  return groups;
}

template <Layout layout, std::size_t B>
void masked(const Matrix& matrix, const Batch& batch) {
  const Vector table = load(reinterpret_cast<const std::uint8_t*>(matrix.levels.data()));
  const std::size_t columns = padded_columns(matrix.columns), rows = padded_rows(matrix.rows);
  const std::uint64_t* masks = matrix.masks.data();
  const std::uint8_t* values = matrix.planes.data();
  constexpr std::size_t kLines = layout == Layout::masked4 ? 3 : 5;
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    Sums<B> sums(matrix.corrections.data(), batch, row);
    for (std::size_t column = 0; column < columns; column += 2 * kQuad) {
      // More lines than are used up on average; a loop over those that are would be mispredicted.
      prefetch(masks);
      for (std::size_t line = 0; line < kLines; ++line) prefetch(values + line * kPlane);
      sums.add(masked_quad<layout>(masks, values, table), batch, column);
      sums.add(masked_quad<layout>(masks + kGroups, values, table), batch, column + kQuad);
      masks += 2 * kGroups;
    }
    sums.store(batch, row);
  }
}

// Four vectors at a time share the decoding of the codes.
template <template <std::size_t> typename Kernel>
void batched(const Matrix& matrix, const Batch& batch) {
  Batch rest = batch;
  while (rest.count > 0) {
    const std::size_t now = rest.count < 4 ? rest.count : 4;
    constexpr Multiply kKernels[] = {Kernel<1>::run, Kernel<2>::run, Kernel<3>::run, Kernel<4>::run};
    kKernels[now - 1](matrix, rest);
    rest.count -= now;
    rest.inputs += now * rest.input_stride;
    rest.sums += now * rest.sum_stride;
  }
}

template <Layout layout>
struct For {
  template <std::size_t B>
  struct Kernel {
    static void run(const Matrix& matrix, const Batch& batch) {
      if constexpr (layout == Layout::masked4 || layout == Layout::masked8) {
        masked<layout, B>(matrix, batch);
      } else if (layout == Layout::dense6 && matrix.linear) {
        if (B == 1 && matrix.columns <= kMostColumnsAlone) {
          linear_alone(matrix, batch);
        } else {
          linear<B>(matrix, batch);
        }
      } else if (B == 1) {
        dense_alone<layout>(matrix, batch);
      } else {
        dense<layout, B>(matrix, batch);
      }
    }
  };
  static void multiply(const Matrix& matrix, const Batch& batch) { batched<Kernel>(matrix, batch); }
};

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

// The first lanes of 16, as many as are left.
inline __mmask16 lanes(std::size_t left) { return static_cast<__mmask16>(left >= 16 ? 0xFFFFU : (1U << left) - 1); }

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

// The next 8 numbers, as many as are left.
struct Next8 {
  __mmask8 some;
  explicit Next8(std::size_t left) : some(static_cast<__mmask8>(left >= 8 ? 0xFFU : (1U << left) - 1)) {}
  __m512d operator()(const double* from) const { return _mm512_maskz_loadu_pd(some, from); }
  __m512d operator()(const float* from) const { return _mm512_cvtps_pd(_mm256_maskz_loadu_ps(some, from)); }
};

inline float largest(const float* numbers, std::size_t count) {
  __m512 most = _mm512_set1_ps(numbers[0]);
  for (std::size_t at = 0; at < count; at += 16) {
    const __mmask16 some = lanes(count - at);
    most = _mm512_mask_max_ps(most, some, most, _mm512_maskz_loadu_ps(some, numbers + at));
  }
  return _mm512_reduce_max_ps(most);
}

void normalise(const Normalising& normalising) {
  float* const logits = normalising.logits;
  const std::size_t count = normalising.count;
  const float most = largest(logits, count);
  __m256d sums = _mm256_setzero_pd();
  for (std::size_t at = 0; at < count; at += 8) {
    const Next8 next(count - at);
    const __m256 below = _mm256_sub_ps(_mm256_set1_ps(most), _mm256_maskz_loadu_ps(next.some, logits + at));
    const __m256i all = _mm256_cvttps_epi32(_mm256_mul_ps(below, _mm256_set1_ps(4096)));
    const __m256i steps = _mm256_min_epu32(all, _mm256_set1_epi32(kMostSteps));
    const __m512d coarse = _mm512_i32gather_pd(_mm256_srli_epi32(steps, 9), normalising.coarse, 8);
    const __m512d fine = _mm512_i32gather_pd(_mm256_and_si256(steps, _mm256_set1_epi32(511)), normalising.fine, 8);
    const __m512d exponentials = _mm512_maskz_mul_pd(next.some, coarse, fine);
    sums = _mm256_add_pd(sums, _mm512_castpd512_pd256(exponentials));
    sums = _mm256_add_pd(sums, _mm512_extractf64x4_pd(exponentials, 1));
  }
  alignas(32) double parts[4];
  _mm256_store_pd(parts, sums);
  const __m512d log_sum = _mm512_set1_pd(__builtin_log((parts[0] + parts[1]) + (parts[2] + parts[3])));
  for (std::size_t at = 0; at < count; at += 8) {
    const Next8 next(count - at);
    const __m512d below = _mm512_sub_pd(next(logits + at), _mm512_set1_pd(static_cast<double>(most)));
    _mm256_mask_storeu_ps(logits + at, next.some, _mm512_cvtpd_ps(_mm512_sub_pd(below, log_sum)));
  }
}

// vmaxpd gives its second operand where either is no number.
double extend(const Extending& extending) {
  __m512d most = _mm512_set1_pd(-__builtin_inf());
  for (std::size_t at = 0; at < extending.count; at += 8) {
    const Next8 next(extending.count - at);
    const __m512d sound = _mm512_add_pd(_mm512_set1_pd(extending.before), next(extending.heard + at));
    const __m512d extended = _mm512_add_pd(_mm512_add_pd(sound, next(extending.expected + at)), next(extending.hoped + at));
    _mm512_mask_storeu_pd(extending.extended + at, next.some, extended);
    most = _mm512_mask_max_pd(most, next.some, extended, most);
  }
  return _mm512_reduce_max_pd(most);
}

// Frequencies and first slots of symbols.
struct FewRanges {
  Vector ranges[4];
  explicit FewRanges(const std::uint32_t* from) {
    for (int part = 0; part < 4; ++part) ranges[part] = _mm512_loadu_si512(from + 16 * part);
  }
  Vector operator()(Vector symbols) const {
    const __mmask16 upper = _mm512_test_epi32_mask(symbols, _mm512_set1_epi32(32));
    return _mm512_mask_blend_epi32(upper, _mm512_permutex2var_epi32(ranges[0], symbols, ranges[1]),
                                   _mm512_permutex2var_epi32(ranges[2], symbols, ranges[3]));
  }
};

struct ManyRanges {
  const std::uint32_t* ranges;
  explicit ManyRanges(const std::uint32_t* from) : ranges(from) {}
  Vector operator()(Vector symbols) const { return _mm512_i32gather_epi32(symbols, ranges, 4); }
};

template <typename Ranges>
std::size_t decode_with(const Coded& coded) {
  const Ranges ranges(coded.ranges);
  const Vector low14 = _mm512_set1_epi32((1 << 14) - 1), low16 = _mm512_set1_epi32(0xffff);
  const std::uint8_t* words = coded.words;
  for (std::size_t at = 0; at < coded.count; at += kLanesTogether) {
    const Vector state = _mm512_loadu_si512(coded.states + at), slot = _mm512_and_si512(state, low14);
    const Vector found = _mm512_i32gather_epi32(slot, coded.symbol_of_slot, 1);
    const Vector symbol = _mm512_and_si512(found, _mm512_set1_epi32(255)), range = ranges(symbol);
    const Vector steps = _mm512_mullo_epi32(_mm512_and_si512(range, low16), _mm512_srli_epi32(state, 14));
    const Vector next = _mm512_add_epi32(steps, _mm512_sub_epi32(slot, _mm512_srli_epi32(range, 16)));
    const __mmask16 hungry = _mm512_cmple_epu32_mask(next, low16);
    const Vector given = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(words)));
    const Vector fed = _mm512_or_si512(_mm512_slli_epi32(next, 16), _mm512_maskz_expand_epi32(hungry, given));
    _mm512_storeu_si512(coded.states + at, _mm512_mask_mov_epi32(next, hungry, fed));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(coded.symbols + at), _mm512_cvtepi32_epi8(symbol));
    words += 2 * bits(hungry);
  }
  return static_cast<std::size_t>(words - coded.words) / 2;
}

std::size_t decode(const Coded& coded) {
  return coded.few_symbols ? decode_with<FewRanges>(coded) : decode_with<ManyRanges>(coded);
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
                    .decode = decode};

}  // namespace stapes::kernels
