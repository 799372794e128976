// Logits to log-probabilities.
#pragma once

#include <span>

#include "kernels/table.h"

namespace stapes::decode {

// In place: x[i] - max - ln(sum over j of exp(x[j] - max)) of logits x as a joiner gives them, multiples of 2^-12
// with less than 2^24 steps between them; computed in float64 and rounded once, so that the order of the sum and the
// C library change a result about once in 10^8 times.
void log_softmax(const kernels::Table& table, std::span<float> logits);

}  // namespace stapes::decode
