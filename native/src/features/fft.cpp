#include "features/fft.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace stapes::features {

PowerSpectrum::PowerSpectrum(std::size_t points, std::size_t lanes, const kernels::Table& table)
    : half_(points / 2), lanes_(lanes), table_(&table), unpack_re_(half_), unpack_im_(half_) {
  const double turn = -2 * std::numbers::pi;
  for (std::size_t left = half_, stride = lanes; left > 1;) {
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
  const kernels::Aligned<double> zeros(half_ * lanes_);
  return {zeros, zeros, zeros, zeros};
}

void PowerSpectrum::operator()(Workspace& work, std::span<double> power) const {
  for (const Stage& stage : stages_) {
    table_->transform({.radix = stage.radix,
                       .parts = stage.points / stage.radix,
                       .stride = stage.stride,
                       .factors_re = stage.re.data(),
                       .factors_im = stage.im.data(),
                       .re = work.re.data(),
                       .im = work.im.data(),
                       .out_re = work.other_re.data(),
                       .out_im = work.other_im.data()});
    std::swap(work.re, work.other_re);
    std::swap(work.im, work.other_im);
  }
  table_->powers({.points = half_,
                  .lanes = lanes_,
                  .factors_re = unpack_re_.data(),
                  .factors_im = unpack_im_.data(),
                  .re = work.re.data(),
                  .im = work.im.data(),
                  .power = power.data()});
}

}  // namespace stapes::features
