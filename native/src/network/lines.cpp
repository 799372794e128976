#include "network/lines.h"

#include <algorithm>
#include <cmath>

#include "kernels/scalar.h"

namespace stapes::network {
namespace {

constexpr int kLargest = 32767;

template <typename Function>
kernels::Lines make_lines(const Function& function) {
  const auto knot = [&](int at) {
    return std::clamp(static_cast<int>(std::rint(32768 * function(at / 16.0 - 8))), -kLargest, kLargest);
  };
  kernels::Lines lines{};
  for (int at = 0; at < 256; ++at) lines.set(static_cast<std::size_t>(at), knot(at), knot(at + 1));
  return lines;
}

}  // namespace

const kernels::Lines& sigmoid_lines() {
  static const kernels::Lines lines = make_lines([](double x) { return 1 / (1 + std::exp(-x)); });
  return lines;
}

const kernels::Lines& tanh_lines() {
  static const kernels::Lines lines = make_lines([](double x) { return std::tanh(x); });
  return lines;
}

std::int32_t look_up(const kernels::Lines& lines, std::int32_t x) { return kernels::look_up(lines, x); }

}  // namespace stapes::network
