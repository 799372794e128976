// The table of kernels: one per instruction set, the best one that this CPU runs chosen once.
#pragma once

#include <span>

namespace stapes::kernels {

struct Table {
  const char* name;
};

// The kernels of this build that this CPU can run, slowest first; the first is the plain reference.
std::span<const Table* const> available();

const Table& best();

}  // namespace stapes::kernels
