// AVX-512 with VNNI, VBMI and VBMI2: 16 rows and 4 inputs in one vpdpbusd.
//
// Inputs are made unsigned by adding 128, which the corrections of the rows take back. Codes become levels by vpermb,
// whose index is six bits: the table repeats, so bits above the code need no masking. The product of a quad takes two
// ports of four; what is left is for the shifts. No header with inline functions may be included here: the linker
// could keep this file's copy of them for the whole program.
#include <immintrin.h>

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

inline Vector input_quad(const std::int8_t* inputs) {
  const Vector quad = _mm512_set1_epi32(*reinterpret_cast<const std::int32_t*>(inputs));
  return _mm512_xor_si512(quad, _mm512_set1_epi8(-128));
}

template <std::size_t B>
struct Sums {
  Vector sums[B][kGroups];

  explicit Sums(const std::int32_t* corrections) {
    for (int group = 0; group < 4; ++group) {
      for (std::size_t vector = 0; vector < B; ++vector) sums[vector][group] = _mm512_loadu_si512(corrections + 16 * group);
    }
  }
  void add(const Groups& groups, const Batch& batch, std::size_t column) {
    for (std::size_t vector = 0; vector < B; ++vector) {
      const Vector inputs = input_quad(batch.inputs + vector * batch.input_stride + column);
      for (int group = 0; group < 4; ++group) {
        sums[vector][group] = _mm512_dpbusd_epi32(sums[vector][group], inputs, groups.levels[group]);
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

template <Layout layout, std::size_t B>
void dense(const Matrix& matrix, const Batch& batch) {
  const Reader<layout> reader(matrix);
  const std::size_t columns = padded_columns(matrix.columns), rows = padded_rows(matrix.rows);
  const std::uint8_t* planes = matrix.planes.data();
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    Sums<B> sums(matrix.corrections.data() + row);
    for (std::size_t column = 0; column < columns; column += 2 * kQuad) {
      sums.add(reader.quad(planes, 0), batch, column);
      sums.add(reader.quad(planes, 1), batch, column + kQuad);
      planes += Reader<layout>::kPairBytes;
    }
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
    Sums<B> sums(matrix.corrections.data() + row);
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
      } else {
        dense<layout, B>(matrix, batch);
      }
    }
  };
  static void multiply(const Matrix& matrix, const Batch& batch) { batched<Kernel>(matrix, batch); }
};

// (odd and even lanes of 32 bits are handled as 64 bits and put together again)
struct Scaling {
  __m128i shift;
  __m128i offset_shift;
  Vector least;
  Vector most;

  explicit Scaling(const Requantiser& to)
      : shift(_mm_cvtsi32_si128(to.shift)),
        offset_shift(_mm_cvtsi32_si128(to.shift - 8)),
        least(_mm512_set1_epi64(to.least)),
        most(_mm512_set1_epi64(to.most)) {}

  // Of the lower halves of lanes of 64 bits.
  Vector half(Vector sums, Vector multipliers, Vector offsets) const {
    const Vector widened = _mm512_srai_epi64(_mm512_slli_epi64(offsets, 32), 32);
    const Vector scaled = _mm512_add_epi64(_mm512_mul_epi32(sums, multipliers), _mm512_sll_epi64(widened, offset_shift));
    return _mm512_min_epi64(_mm512_max_epi64(_mm512_sra_epi64(scaled, shift), least), most);
  }
  Vector operator()(Vector sums, Vector multipliers, Vector offsets) const {
    const Vector even = half(sums, multipliers, offsets);
    const Vector odd = half(_mm512_srli_epi64(sums, 32), _mm512_srli_epi64(multipliers, 32), _mm512_srli_epi64(offsets, 32));
    return _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
  }
  Vector rows(const Requantiser& to, const std::int32_t* sums, std::size_t row, __mmask16 some) const {
    return (*this)(_mm512_maskz_loadu_epi32(some, sums + row), _mm512_maskz_loadu_epi32(some, to.multipliers + row),
                   _mm512_maskz_loadu_epi32(some, to.offsets + row));
  }
};

// The first lanes of 16, as many as are left.
inline __mmask16 lanes(std::size_t left) { return static_cast<__mmask16>(left >= 16 ? 0xFFFFU : (1U << left) - 1); }

void requantise(const Requantiser& to, const std::int32_t* sums, std::size_t count, std::int32_t* values) {
  const Scaling scaling(to);
  for (std::size_t row = 0; row < count; row += 16) {
    const __mmask16 some = lanes(count - row);
    _mm512_mask_storeu_epi32(values + row, some, scaling.rows(to, sums, row, some));
  }
}

// In vpmaddwd below one factor is never negative and below 2^16, so that its upper half, and what that is multiplied
// with, do not count.
inline Vector look_up(const Lines& lines, Vector x) {
  const Vector place = _mm512_add_epi32(x, _mm512_set1_epi32(32768));
  const Vector line = _mm512_i32gather_epi32(_mm512_srli_epi32(place, 8), lines.lines, 4);
  const Vector rise = _mm512_madd_epi16(line, _mm512_and_si512(place, _mm512_set1_epi32(255)));
  const Vector more = _mm512_srai_epi32(_mm512_add_epi32(rise, _mm512_set1_epi32(128)), 8);
  return _mm512_add_epi32(_mm512_srai_epi32(line, 16), more);
}

inline Vector saturated16(Vector values) {
  return _mm512_max_epi32(_mm512_min_epi32(values, _mm512_set1_epi32(32767)), _mm512_set1_epi32(-32768));
}

inline Vector load16(const std::int16_t* from, __mmask16 some) {
  return _mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(some, from));
}

inline void store16(std::int16_t* to, __mmask16 some, Vector values) { _mm512_mask_cvtsepi32_storeu_epi16(to, some, values); }

void step(const CellStep& step) {
  const Scaling scaling(step.gates);
  const Vector half = _mm512_set1_epi32(1 << 14);
  for (std::size_t unit = 0; unit < step.units; unit += 16) {
    const __mmask16 some = lanes(step.units - unit);
    const auto gate = [&](std::size_t which) {
      return scaling.rows(step.gates, step.sums, which * step.units + unit, some);
    };
    const Vector in = look_up(*step.sigmoid, gate(0)), forget = look_up(*step.sigmoid, gate(1));
    const Vector fresh = look_up(*step.tanh, gate(2)), out = look_up(*step.sigmoid, gate(3));
    const Vector kept = _mm512_madd_epi16(forget, load16(step.cell + unit, some));
    const Vector added = _mm512_srai_epi32(_mm512_madd_epi16(in, fresh), 4);
    const Vector sum = _mm512_add_epi32(_mm512_add_epi32(kept, added), half);
    const Vector cell = saturated16(_mm512_srai_epi32(sum, 15));
    const Vector bent = look_up(*step.tanh, saturated16(_mm512_add_epi32(cell, cell)));
    const Vector hidden = _mm512_srai_epi32(_mm512_add_epi32(_mm512_madd_epi16(out, bent), half), 15);
    const Vector more = _mm512_srai_epi32(_mm512_add_epi32(hidden, _mm512_set1_epi32(16)), 5);
    const Vector narrow = _mm512_srai_epi32(_mm512_add_epi32(hidden, _mm512_set1_epi32(128)), 8);
    store16(step.cell + unit, some, cell);
    store16(step.stream + unit, some, _mm512_add_epi32(load16(step.stream + unit, some), more));
    _mm512_mask_cvtsepi32_storeu_epi8(step.hidden + unit, some, _mm512_max_epi32(narrow, _mm512_set1_epi32(-127)));
  }
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
                    .requantise = requantise,
                    .step = step,
                    .decode = decode};

}  // namespace stapes::kernels
