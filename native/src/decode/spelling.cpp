#include "decode/spelling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "decode/vocabulary.h"

namespace stapes::decode {
namespace {

// Cost in nats of the piece at place r: kSlope ln(r + kOffset) - kBase, fitted to scores of sentencepiece.
constexpr double kSlope = 2.0;
constexpr double kOffset = 40;
constexpr double kBase = 3.6;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::uint32_t place(std::uint32_t node, Letter letter) { return node << 16 | letter; }

}  // namespace

PieceCosts::PieceCosts(const std::vector<std::string>& pieces) : costs_{kInfinity} {
  for (std::size_t label = 1; label < pieces.size(); ++label) {
    const Letters letters = to_letters(pieces[label]);
    if (pieces[label] == kUnknownPiece || letters.empty()) continue;
    std::uint32_t node = 0;
    for (std::size_t at = letters.size(); at-- > 0;) {
      const auto [entry, made] = next_.try_emplace(place(node, letters[at]), costs_.size());
      if (made) costs_.push_back(kInfinity);
      node = entry->second;
    }
    costs_[node] = kSlope * std::log(static_cast<double>(label) + kOffset) - kBase;
  }
}

double PieceCosts::cost(LettersView word, std::span<const double> shorter) const {
  double cheapest = kInfinity;
  std::uint32_t node = 0;
  for (std::size_t start = word.size(); start-- > 0;) {
    const auto entry = next_.find(place(node, word[start]));
    if (entry == next_.end()) break;
    node = entry->second;
    cheapest = std::min(cheapest, (start == 0 ? 0.0 : shorter[start - 1]) + costs_[node]);
  }
  return cheapest;
}

}  // namespace stapes::decode
