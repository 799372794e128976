// Sigmoid and tanh as 256 straight lines: section 4 of spec/numerics.md.
#pragma once

#include "kernels/table.h"

namespace stapes::network {

const kernels::Lines& sigmoid_lines();
const kernels::Lines& tanh_lines();

// The function of `x` (int16, Q3.12) in Q0.15.
std::int32_t look_up(const kernels::Lines& lines, std::int32_t x);

}  // namespace stapes::network
