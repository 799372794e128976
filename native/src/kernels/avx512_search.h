// AVX-512: what a search does with the numbers of all labels, the entropy decoder, and look-ups in tables of bytes.
// Private to avx512.cpp, which includes it, as all of its functions are.
#pragma once

#include <immintrin.h>

#include "kernels/avx512_vectors.h"
#include "kernels/table.h"

namespace stapes::kernels {
namespace {

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

void look_up(const std::uint8_t* table, const std::uint8_t* places, std::size_t count, std::uint8_t* entries) {
  const Vector first = _mm512_loadu_si512(table), second = _mm512_loadu_si512(table + 64);
  const Vector third = _mm512_loadu_si512(table + 128), fourth = _mm512_loadu_si512(table + 192);
  for (std::size_t at = 0; at < count; at += 64) {
    const __mmask64 some = count - at >= 64 ? ~__mmask64{0} : (__mmask64{1} << (count - at)) - 1;
    const Vector place = _mm512_maskz_loadu_epi8(some, places + at);
    const Vector low = _mm512_permutex2var_epi8(first, place, second);
    const Vector high = _mm512_permutex2var_epi8(third, place, fourth);
    _mm512_mask_storeu_epi8(entries + at, some, _mm512_mask_blend_epi8(_mm512_movepi8_mask(place), low, high));
  }
}

}  // namespace
}  // namespace stapes::kernels
