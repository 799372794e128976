// The kernels of each instruction set; `table.cpp` alone decides which of them may run.
#pragma once

#include "kernels/table.h"

namespace stapes::kernels {

extern const Table kReference;
#if defined(__x86_64__)
extern const Table kAvx2;
extern const Table kAvx512;
#elif defined(__aarch64__)
extern const Table kNeon;
#endif

}  // namespace stapes::kernels
