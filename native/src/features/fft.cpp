#include "features/fft.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace stapes::features {
namespace {

// Arrays of one stage, which do not overlap.
struct Planes {
  const double* __restrict re;
  const double* __restrict im;
  double* __restrict out_re;
  double* __restrict out_im;
};

// y[q + s (2 p + k)] of a radix-2 step over m = points / 2.
void step2(const Planes& planes, std::size_t m, std::size_t s, const double* wr, const double* wi) {
  const auto& [re, im, out_re, out_im] = planes;
  for (std::size_t p = 0; p < m; ++p) {
    for (std::size_t q = 0; q < s; ++q) {
      const std::size_t a = q + s * p;
      const std::size_t b = a + s * m;
      const std::size_t to = q + s * 2 * p;
      const double dr = re[a] - re[b];
      const double di = im[a] - im[b];
      out_re[to] = re[a] + re[b];
      out_im[to] = im[a] + im[b];
      out_re[to + s] = dr * wr[p] - di * wi[p];
      out_im[to + s] = dr * wi[p] + di * wr[p];
    }
  }
}

// The butterfly of radix 4 at `from`, the inputs `step` apart, to `to`, the outputs `s` apart.
inline void butterfly4(const Planes& planes, std::size_t from, std::size_t step, std::size_t to,
                       std::size_t s, const double* wr, const double* wi) {
  const auto& [re, im, out_re, out_im] = planes;
  const std::size_t a = from, b = a + step, c = b + step, d = c + step;
  const double sum_ac_re = re[a] + re[c], sum_ac_im = im[a] + im[c];
  const double dif_ac_re = re[a] - re[c], dif_ac_im = im[a] - im[c];
  const double sum_bd_re = re[b] + re[d], sum_bd_im = im[b] + im[d];
  // (b - d) times i.
  const double jdif_bd_re = im[d] - im[b], jdif_bd_im = re[b] - re[d];
  const double one_re = dif_ac_re - jdif_bd_re, one_im = dif_ac_im - jdif_bd_im;
  const double two_re = sum_ac_re - sum_bd_re, two_im = sum_ac_im - sum_bd_im;
  const double three_re = dif_ac_re + jdif_bd_re, three_im = dif_ac_im + jdif_bd_im;
  out_re[to] = sum_ac_re + sum_bd_re;
  out_im[to] = sum_ac_im + sum_bd_im;
  out_re[to + s] = one_re * wr[0] - one_im * wi[0];
  out_im[to + s] = one_re * wi[0] + one_im * wr[0];
  out_re[to + 2 * s] = two_re * wr[1] - two_im * wi[1];
  out_im[to + 2 * s] = two_re * wi[1] + two_im * wr[1];
  out_re[to + 3 * s] = three_re * wr[2] - three_im * wi[2];
  out_im[to + 3 * s] = three_re * wi[2] + three_im * wr[2];
}

void step4(const Planes& planes, std::size_t m, std::size_t s, const double* wr, const double* wi) {
  for (std::size_t p = 0; p < m; ++p) {
    for (std::size_t q = 0; q < s; ++q) {
      butterfly4(planes, q + s * p, s * m, q + 4 * s * p, s, wr + 3 * p, wi + 3 * p);
    }
  }
}

}  // namespace

PowerSpectrum::PowerSpectrum(std::size_t points) : half_(points / 2), unpack_re_(half_), unpack_im_(half_) {
  const double turn = -2 * std::numbers::pi;
  for (std::size_t left = half_, stride = 1; left > 1;) {
    Stage stage{.radix = left % 4 == 0 ? 4u : 2u, .points = left, .stride = stride, .re = {}, .im = {}};
    for (std::size_t p = 0; p < left / stage.radix; ++p) {
      for (std::size_t k = 1; k < stage.radix; ++k) {
        const double angle = turn * static_cast<double>(p * k) / static_cast<double>(left);
        stage.re.push_back(std::cos(angle));
        stage.im.push_back(std::sin(angle));
      }
    }
    left /= stage.radix;
    stride *= stage.radix;
    stages_.push_back(std::move(stage));
  }
  for (std::size_t k = 0; k < half_; ++k) {
    const double angle = turn * static_cast<double>(k) / static_cast<double>(points);
    unpack_re_[k] = std::cos(angle);
    unpack_im_[k] = std::sin(angle);
  }
}

PowerSpectrum::Workspace PowerSpectrum::workspace() const {
  const std::vector<double> zeros(half_);
  return {zeros, zeros, zeros, zeros};
}

void PowerSpectrum::operator()(std::span<const float> signal, Workspace& work,
                               std::span<double> power) const {
  load(signal, work);
  transform(work, power);
}

void PowerSpectrum::operator()(std::span<const double> signal, Workspace& work,
                               std::span<double> power) const {
  load(signal, work);
  transform(work, power);
}

template <typename Sample>
void PowerSpectrum::load(std::span<const Sample> signal, Workspace& work) const {
  // The even samples as real and the odd ones as imaginary parts: two transforms in one.
  for (std::size_t k = 0; k < half_; ++k) {
    work.re[k] = static_cast<double>(signal[2 * k]);
    work.im[k] = static_cast<double>(signal[2 * k + 1]);
  }
}

void PowerSpectrum::transform(Workspace& work, std::span<double> power) const {
  for (const Stage& stage : stages_) {
    const Planes planes{work.re.data(), work.im.data(), work.other_re.data(), work.other_im.data()};
    const auto step = stage.radix == 4 ? step4 : step2;
    step(planes, stage.points / stage.radix, stage.stride, stage.re.data(), stage.im.data());
    std::swap(work.re, work.other_re);
    std::swap(work.im, work.other_im);
  }
  for (std::size_t k = 0; k < half_; ++k) {
    const std::size_t mirrored = k == 0 ? 0 : half_ - k;
    const double even_re = 0.5 * (work.re[k] + work.re[mirrored]);
    const double even_im = 0.5 * (work.im[k] - work.im[mirrored]);
    const double odd_re = 0.5 * (work.im[k] + work.im[mirrored]);
    const double odd_im = 0.5 * (work.re[mirrored] - work.re[k]);
    const double re = even_re + unpack_re_[k] * odd_re - unpack_im_[k] * odd_im;
    const double im = even_im + unpack_re_[k] * odd_im + unpack_im_[k] * odd_re;
    power[k] = re * re + im * im;
  }
}

}  // namespace stapes::features
