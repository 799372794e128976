// From sound to the logarithms of its energies, of signals side by side, in vectors that compilers split as the instruction
// set needs it. Everything here is private to the file that includes it, so that each instruction set compiles its own. Every
// signal goes through the same operations in the same order, whatever the instruction set and whatever lies beside it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/table.h"

namespace stapes::kernels {
namespace {

// Numbers of one signal, or of as many as the name says; any address will do.
using Alone = double __attribute__((aligned(sizeof(double)), may_alias));
struct Four {
  static constexpr std::size_t kSignals = 4;
  using Doubles = double __attribute__((vector_size(32), aligned(sizeof(double)), may_alias));
  using Floats = float __attribute__((vector_size(16), aligned(sizeof(float)), may_alias));
  using Words = std::uint64_t __attribute__((vector_size(32)));
};
struct Eight {
  static constexpr std::size_t kSignals = 8;
  using Doubles = double __attribute__((vector_size(64), aligned(sizeof(double)), may_alias));
  using Floats = float __attribute__((vector_size(32), aligned(sizeof(float)), may_alias));
  using Words = std::uint64_t __attribute__((vector_size(64)));
};

// Where `Number` lies.
template <typename Number, typename Element>
inline const Number& in(const Element* from) {
  return *reinterpret_cast<const Number*>(from);
}
template <typename Number, typename Element>
inline Number& out(Element* to) {
  return *reinterpret_cast<Number*>(to);
}

// The first sample has no sample before it.
template <typename Side>
inline void window_of(const Windowing& given) {
  using Doubles = typename Side::Doubles;
  using Floats = typename Side::Floats;
  const Windowing windowing = given;
  const auto sample = [&](std::size_t n) -> const Floats& { return in<Floats>(windowing.samples + n * Side::kSignals); };
  Doubles sum{};
  for (std::size_t n = 0; n < windowing.count; ++n) sum += __builtin_convertvector(sample(n), Doubles);
  const Floats mean = __builtin_convertvector(sum / static_cast<double>(windowing.count), Floats);
  Floats before{};
  for (std::size_t n = 0; n < windowing.count; ++n) {
    const Floats own = sample(n) - mean;
    const Floats windowed = (own - windowing.preemphasis * before) * windowing.weights[n];
    double* const to = n % 2 == 0 ? windowing.re : windowing.im;
    out<Doubles>(to + n / 2 * Side::kSignals) = __builtin_convertvector(windowed, Doubles);
    before = own;
  }
}

// A butterfly of radix 2 of what lies `from` and `to` on.
template <typename Number>
inline void butterfly2(const TransformStep& step, std::size_t from, std::size_t to, std::size_t part) {
  const double wr = step.factors_re[part], wi = step.factors_im[part];
  const std::size_t b = from + step.stride * step.parts, s = step.stride;
  const Number a_re = in<Number>(step.re + from), a_im = in<Number>(step.im + from);
  const Number b_re = in<Number>(step.re + b), b_im = in<Number>(step.im + b);
  const Number dr = a_re - b_re, di = a_im - b_im;
  out<Number>(step.out_re + to) = a_re + b_re;
  out<Number>(step.out_im + to) = a_im + b_im;
  out<Number>(step.out_re + to + s) = dr * wr - di * wi;
  out<Number>(step.out_im + to + s) = dr * wi + di * wr;
}

// The same of radix 4.
template <typename Number>
inline void butterfly4(const TransformStep& step, std::size_t from, std::size_t to, std::size_t part) {
  const double* const wr = step.factors_re + 3 * part;
  const double* const wi = step.factors_im + 3 * part;
  const std::size_t apart = step.stride * step.parts, s = step.stride;
  const double* const re = step.re + from;
  const double* const im = step.im + from;
  const Number a_re = in<Number>(re), b_re = in<Number>(re + apart);
  const Number c_re = in<Number>(re + 2 * apart), d_re = in<Number>(re + 3 * apart);
  const Number a_im = in<Number>(im), b_im = in<Number>(im + apart);
  const Number c_im = in<Number>(im + 2 * apart), d_im = in<Number>(im + 3 * apart);
  const Number sum_ac_re = a_re + c_re, sum_ac_im = a_im + c_im, dif_ac_re = a_re - c_re, dif_ac_im = a_im - c_im;
  const Number sum_bd_re = b_re + d_re, sum_bd_im = b_im + d_im;
  // (b - d) times i.
  const Number jdif_bd_re = d_im - b_im, jdif_bd_im = b_re - d_re;
  const Number one_re = dif_ac_re - jdif_bd_re, one_im = dif_ac_im - jdif_bd_im;
  const Number two_re = sum_ac_re - sum_bd_re, two_im = sum_ac_im - sum_bd_im;
  const Number three_re = dif_ac_re + jdif_bd_re, three_im = dif_ac_im + jdif_bd_im;
  double* const out_re = step.out_re + to;
  double* const out_im = step.out_im + to;
  out<Number>(out_re) = sum_ac_re + sum_bd_re;
  out<Number>(out_im) = sum_ac_im + sum_bd_im;
  out<Number>(out_re + s) = one_re * wr[0] - one_im * wi[0];
  out<Number>(out_im + s) = one_re * wi[0] + one_im * wr[0];
  out<Number>(out_re + 2 * s) = two_re * wr[1] - two_im * wi[1];
  out<Number>(out_im + 2 * s) = two_re * wi[1] + two_im * wr[1];
  out<Number>(out_re + 3 * s) = three_re * wr[2] - three_im * wi[2];
  out<Number>(out_im + 3 * s) = three_re * wi[2] + three_im * wr[2];
}

template <typename Number>
inline void transform_by(const TransformStep& given) {
  // A copy, which nothing that is written can change.
  const TransformStep step = given;
  for (std::size_t part = 0; part < step.parts; ++part) {
    for (std::size_t q = 0; q < step.stride; q += sizeof(Number) / sizeof(double)) {
      const std::size_t from = q + step.stride * part, to = q + step.stride * step.radix * part;
      if (step.radix == 4) {
        butterfly4<Number>(step, from, to, part);
      } else {
        butterfly2<Number>(step, from, to, part);
      }
    }
  }
}

template <typename Side>
inline void transform_of(const TransformStep& step) {
  if (step.stride % Side::kSignals == 0) {
    transform_by<typename Side::Doubles>(step);
  } else if (step.stride % Four::kSignals == 0) {
    transform_by<Four::Doubles>(step);
  } else {
    transform_by<Alone>(step);
  }
}

template <typename Number>
inline void powers_by(const PowerStep& given) {
  const PowerStep step = given;
  constexpr std::size_t kLanes = sizeof(Number) / sizeof(double);
  for (std::size_t k = 0; k < step.points; ++k) {
    const std::size_t at = k * kLanes, mirrored = (k == 0 ? 0 : step.points - k) * kLanes;
    const double wr = step.factors_re[k], wi = step.factors_im[k];
    const Number re = in<Number>(step.re + at), im = in<Number>(step.im + at);
    const Number other_re = in<Number>(step.re + mirrored), other_im = in<Number>(step.im + mirrored);
    const Number even_re = 0.5 * (re + other_re), even_im = 0.5 * (im - other_im);
    const Number odd_re = 0.5 * (im + other_im), odd_im = 0.5 * (other_re - re);
    const Number sum_re = even_re + wr * odd_re - wi * odd_im;
    const Number sum_im = even_im + wr * odd_im + wi * odd_re;
    out<Number>(step.power + at) = sum_re * sum_re + sum_im * sum_im;
  }
}

template <typename Side>
inline void powers_of(const PowerStep& step) {
  if (step.lanes == Side::kSignals) {
    powers_by<typename Side::Doubles>(step);
  } else {
    powers_by<Alone>(step);
  }
}

// Whether any bit is set.
template <typename Mask>
inline bool any(const Mask& mask) {
  std::uint64_t words[sizeof(Mask) / sizeof(std::uint64_t)], all = 0;
  __builtin_memcpy(words, &mask, sizeof(Mask));
  for (const std::uint64_t word : words) all |= word;
  return all != 0;
}

// The logarithms of numbers that are not below the smallest normal one, to within 2^-48 of themselves; of infinity and of what
// is no number, no number. With x = 2^e m, m from sqrt(1/2) to sqrt(2): e log(2) + 2 artanh((m - 1) / (m + 1)).
template <typename Side>
inline void approximate_logs(const typename Side::Doubles& x, typename Side::Doubles& logs) {
  using Doubles = typename Side::Doubles;
  using Words = typename Side::Words;
  constexpr std::uint64_t kOne = 0x3ff0000000000000, kRootOfHalf = 0x3fe6a09e667f3bcd, kFraction = 0x000fffffffffffff;
  constexpr std::uint64_t kTwo52 = 0x4330000000000000;
  const Words bits = reinterpret_cast<Words>(x) + (kOne - kRootOfHalf);
  const Doubles exponent = reinterpret_cast<Doubles>((bits >> 52) | kTwo52) - (0x1p52 + 1023);
  const Doubles m = reinterpret_cast<Doubles>((bits & kFraction) + kRootOfHalf);
  const Doubles s = (m - 1.0) / (m + 1.0), z = s * s;
  constexpr double kSeries[] = {1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0};
  Doubles series{};
  for (const double factor : kSeries) series = series * z + factor;
  logs = exponent * 0x1.62e42fefa39efp-1 + 2.0 * s * series + (x - x);
}

// A 32-bit float is the right one where all numbers within the error give it; elsewhere the library is asked.
template <typename Side>
inline void round_logs(const typename Side::Doubles& x, typename Side::Floats& rounded) {
  using Doubles = typename Side::Doubles;
  using Floats = typename Side::Floats;
  Doubles logs;
  approximate_logs<Side>(x, logs);
  rounded = __builtin_convertvector(logs * (1 - 0x1p-46), Floats);
  const Floats other = __builtin_convertvector(logs * (1 + 0x1p-46), Floats);
  if (!any(rounded != other)) return;
  for (std::size_t lane = 0; lane < Side::kSignals; ++lane) rounded[lane] = static_cast<float>(__builtin_log(x[lane]));
}

template <typename Side>
inline void filter_of(const Filtering& given) {
  using Doubles = typename Side::Doubles;
  const Filtering filtering = given;
  const double* weight = filtering.weights;
  for (std::size_t band = 0; band < filtering.count; ++band) {
    const double* power = filtering.power + filtering.bands[band].first * Side::kSignals;
    Doubles energy{};
    for (std::size_t bin = 0; bin < filtering.bands[band].count; ++bin, power += Side::kSignals) {
      energy += in<Doubles>(power) * *weight++;
    }
    const Doubles floored = energy < filtering.floor ? Doubles{} + filtering.floor : energy;
    round_logs<Side>(floored, out<typename Side::Floats>(filtering.logs + band * Side::kSignals));
  }
}

}  // namespace
}  // namespace stapes::kernels
