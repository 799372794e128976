// What the CTC head finds of the last label of a history; stapes.decode.ctc of the Python package tells more.
#pragma once

#include <algorithm>
#include <limits>

namespace stapes::decode {

struct Evidence {
  // At the best frame.
  double score = 0;
  // At all frames from that one on.
  double lasting = 0;
  // No frame counts more: what blank is ahead of the label before, if that is the same.
  double ceiling = std::numeric_limits<double>::infinity();
};

// Of a label that is emitted where `seen` is found of it.
inline Evidence emitted(double seen) { return {.score = seen, .lasting = seen}; }

// Of a label that is emitted right after itself, of which `before` was found; no frame counts less than `lowest`.
inline Evidence repeated(const Evidence& before, double seen, double lowest) {
  return {.score = std::max(std::min(seen, -before.lasting), lowest),
          .lasting = seen,
          .ceiling = -before.lasting + std::max(0.0, -seen)};
}

// After a frame where `seen` is found of the label, which may still be looked for if `open`.
inline Evidence later(const Evidence& found, double seen, bool open, double lowest) {
  const double counted = std::max(std::min(seen, found.ceiling), lowest);
  const bool better = open && counted > found.score;
  return {.score = better ? counted : found.score,
          .lasting = better ? seen : found.lasting + seen,
          .ceiling = found.ceiling + std::max(0.0, -seen)};
}

}  // namespace stapes::decode
