// Lattices as bytes, a few for each arc: section 3 of spec/lattice.md.
#pragma once

#include <cstdint>
#include <vector>

#include "lattice/graph.h"

namespace stapes::lattice {

// The wire form of `lattice`, whose frames last `frame_ms`, 1 to 1000; the same lattice always gives the same bytes. Throws
// Error (kConfig) if more than 2^20 bytes would be needed.
std::vector<std::uint8_t> to_bytes(const Lattice& lattice, int frame_ms);

}  // namespace stapes::lattice
