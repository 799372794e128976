// What words cost in generic text: how rare the cheapest pieces are that spell them.
//
// Letters: V vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "decode/letters.h"

namespace stapes::decode {

// Costs of pieces, by falling probability in their vocabulary; stapes.decode.segmenter of the Python package
// tells the reasons.
class PieceCosts {
 public:
  // The V pieces by label.
  explicit PieceCosts(const std::vector<std::string>& pieces);

  // Cost in nats of the cheapest pieces of `word` as a whole, infinite where none spell it, given `shorter`, the
  // same of its first letter, its first two, and so on to all but the last.
  double cost(LettersView word, std::span<const double> shorter) const;

 private:
  // Pieces read from their end: by node and letter the next node, and the cost of the piece that begins there.
  std::unordered_map<std::uint32_t, std::uint32_t> next_;
  std::vector<double> costs_;
};

}  // namespace stapes::decode
