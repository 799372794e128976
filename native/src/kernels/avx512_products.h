// AVX-512: products of matrices.
// Private to avx512.cpp, which includes it, as all of its functions are.
#pragma once

#include <immintrin.h>

#include "kernels/avx512_vectors.h"
#include "kernels/table.h"

namespace stapes::kernels {
namespace {

constexpr std::size_t kAhead = 1024;  // bytes that masked kernels prefetch; what dense ones read, the CPU foresees

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

}  // namespace
}  // namespace stapes::kernels
