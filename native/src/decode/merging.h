// Merging of histories with the same context; beam.h tells when and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "decode/evidence.h"
#include "decode/expectation.h"
#include "decode/trace.h"

namespace stapes::decode {

// A live label sequence while a frame is worked on.
struct History {
  NodeIndex node;
  double log_prob;
  // Index of its context among those of the frame.
  std::size_t place;
  Key key;
  std::int32_t length;
  Evidence evidence;
};

// Histories by context, the best contexts first, in each the most probable history first.
using Rivals = std::vector<std::vector<History>>;

// Merges every history that can no longer overtake the best one of its context.
void merge_settled(Rivals& contexts, std::int32_t frame, Trace& trace);

// Merges the least probable histories of each context until `count` are left.
void merge_surplus(Rivals& contexts, std::size_t count, std::int32_t frame, Trace& trace);

}  // namespace stapes::decode
