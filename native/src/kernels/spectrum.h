// Fourier transforms of signals side by side, in vectors that compilers split as the instruction set needs it. Everything
// here is private to the file that includes it, so that each instruction set compiles its own. Every signal goes through the
// same operations in the same order, whatever the instruction set and whatever lies beside it.
#pragma once

#include <cstddef>

#include "kernels/table.h"

namespace stapes::kernels {
namespace {

// Numbers of as many signals, or of one; any address will do.
using Side = double __attribute__((vector_size(kSignalsTogether * sizeof(double)), aligned(sizeof(double)), may_alias));
using Alone = double __attribute__((aligned(sizeof(double)), may_alias));

// Where `Number` lies.
template <typename Number>
inline const Number& in(const double* from) {
  return *reinterpret_cast<const Number*>(from);
}
template <typename Number>
inline Number& out(double* to) {
  return *reinterpret_cast<Number*>(to);
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

inline void transform_of(const TransformStep& step) {
  if (step.stride % kSignalsTogether == 0) {
    transform_by<Side>(step);
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

inline void powers_of(const PowerStep& step) {
  if (step.lanes == kSignalsTogether) {
    powers_by<Side>(step);
  } else {
    powers_by<Alone>(step);
  }
}

}  // namespace
}  // namespace stapes::kernels
