// The texts of a list as a letter trie, with what each place in it is worth.
//
// Letters: N texts.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "decode/letters.h"
#include "decode/spelling.h"

namespace stapes::decode {

// What phrases are worth: weight * (rarity * sum of max(0, cost of a word - common) - size * ln(max(1, N / few)))
// in nats. stapes.decode.biasing of the Python package tells the reasons.
struct BonusConfig {
  double rarity = 0.7;
  double common = 5.0;
  double size = 4.0;
  double few = 24;
};

// Multiples of 2^-10 nats, so that sums are exact and equal states are equal.
using Worth = std::int32_t;
inline constexpr double kWorthsPerNat = 1024;
Worth to_worth(double nats);

struct Phrase {
  // Each word with kMark in front; a class is one letter from kFirstClass up.
  Letters letters;
  // Above 0.
  double weight;
};

class PhraseTrie {
 public:
  using Place = std::uint32_t;
  static constexpr Place kRoot = 0;
  static constexpr Worth kNoText = std::numeric_limits<Worth>::min();

  struct Node {
    // Children stand together, rising by letter.
    Place first_child = 0;
    std::uint16_t children = 0;
    Letter letter = 0;
    // Of the letters that lead here, and of the text that ends here; kNoText if none does.
    Worth so_far = 0;
    Worth whole = kNoText;
    // Greatest weight of the texts that begin so.
    double weight = 0;
  };

  // `phrases` in any order, none empty, none twice; each word costs what `costs` tells.
  PhraseTrie(std::vector<Phrase> phrases, const PieceCosts& costs, const BonusConfig& config);

  const Node& operator[](Place place) const { return nodes_[place]; }
  std::span<const Node> children(Place place) const {
    return std::span(nodes_).subspan(nodes_[place].first_child, nodes_[place].children);
  }
  // Where `letter` leads from `place`.
  std::optional<Place> find(Place place, Letter letter) const;

 private:
  std::vector<Node> nodes_;
};

}  // namespace stapes::decode
