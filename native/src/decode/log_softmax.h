// Logits to log-probabilities.
#pragma once

#include <span>

namespace stapes::decode {

// In place: x[i] - max - ln(sum over j of exp(x[j] - max)). The sum is taken in 16 interleaved parts, these
// then in pairs, and exp is a polynomial: the bits do not depend on the C library, and loops vectorise.
void log_softmax(std::span<float> x);

}  // namespace stapes::decode
