// AVX-512 vectors: what the kernels share.
// Private to avx512.cpp, which includes it, as all of its functions are.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace stapes::kernels {
namespace {

using Vector = __m512i;

inline std::size_t bits(std::uint64_t mask) { return static_cast<std::size_t>(_mm_popcnt_u64(mask)); }

// The first 16 lanes, as many as are left.
inline __mmask16 lanes(std::size_t left) { return static_cast<__mmask16>(left >= 16 ? 0xFFFFU : (1U << left) - 1); }

}  // namespace
}  // namespace stapes::kernels
