#include "decode/phrase_trie.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace stapes::decode {
namespace {

// Goes through the places of sorted texts depth first, with the costs of the words on the way.
class Builder {
 public:
  Builder(std::span<const Phrase> phrases, const PieceCosts& costs, const BonusConfig& config)
      : phrases_(phrases), costs_(costs), config_(config) {}

  std::vector<PhraseTrie::Node> build() {
    nodes_.emplace_back();
    ways_.emplace_back();
    std::vector<Range> pending{{PhraseTrie::kRoot, 0, phrases_.size(), 0}};
    while (!pending.empty()) {
      const Range range = pending.back();
      pending.pop_back();
      fill(range);
      branch(range, pending);
    }
    return std::move(nodes_);
  }

 private:
  // A place, and the texts that begin with the `depth` letters which lead there.
  struct Range {
    PhraseTrie::Place place;
    std::size_t first, end, depth;
  };
  // What is known after some letters of the text that is being gone through.
  struct Way {
    // What the words before the last one earn.
    double finished = 0;
    // Where the last word begins, its mark included.
    std::size_t begin = 0;
    // Of the letters of the last word, and of as many of them as whole pieces spell.
    double cost = 0;
    double spelled = 0;
  };

  // What the words of the first `depth` letters earn; a mark alone is no word.
  double earned(std::size_t depth) const {
    const Way& way = ways_[depth];
    return way.finished + (depth > way.begin + 1 ? std::max(0.0, way.spelled - config_.common) : 0.0);
  }

  Way follow(LettersView letters) const {
    const std::size_t depth = letters.size();
    const bool is_class = letters.back() >= kFirstClass;
    if (is_class) return {.finished = earned(depth - 1), .begin = depth, .cost = 0, .spelled = 0};
    Way way = ways_[depth - 1];
    if (letters.back() == kMark) way = {.finished = earned(depth - 1), .begin = depth - 1, .cost = 0, .spelled = 0};
    way.cost = costs_.cost(letters.substr(way.begin), std::span(word_costs_).subspan(way.begin + 1));
    if (std::isfinite(way.cost)) way.spelled = way.cost;
    return way;
  }

  void fill(const Range& range) {
    PhraseTrie::Node& node = nodes_[range.place];
    for (std::size_t text = range.first; text < range.end; ++text) {
      node.weight = std::max(node.weight, phrases_[text].weight);
    }
    if (range.depth == 0) return;
    ways_.resize(std::max(ways_.size(), range.depth + 1));
    word_costs_.resize(ways_.size() + 1);
    const LettersView letters = LettersView(phrases_[range.first].letters).substr(0, range.depth);
    ways_[range.depth] = follow(letters);
    word_costs_[range.depth] = ways_[range.depth].cost;
    node.so_far = worth(node.weight, range.depth, range.end - range.first);
    const Phrase& first = phrases_[range.first];
    if (first.letters.size() == range.depth) node.whole = worth(first.weight, range.depth, 1);
  }

  Worth worth(double weight, std::size_t depth, std::size_t count) const {
    const double many = static_cast<double>(phrases_.size()) / (config_.few * static_cast<double>(count));
    return to_worth(weight * (config_.rarity * earned(depth) - config_.size * std::log(std::max(1.0, many))));
  }

  void branch(const Range& range, std::vector<Range>& pending) {
    std::size_t first = range.first;
    // Of sorted texts the one that ends here comes first.
    while (first < range.end && phrases_[first].letters.size() == range.depth) ++first;
    nodes_[range.place].first_child = static_cast<PhraseTrie::Place>(nodes_.size());
    while (first < range.end) {
      const Letter letter = phrases_[first].letters[range.depth];
      std::size_t end = first;
      while (end < range.end && phrases_[end].letters[range.depth] == letter) ++end;
      pending.push_back({static_cast<PhraseTrie::Place>(nodes_.size()), first, end, range.depth + 1});
      nodes_.emplace_back().letter = letter;
      ++nodes_[range.place].children;
      first = end;
    }
  }

  std::span<const Phrase> phrases_;
  const PieceCosts& costs_;
  const BonusConfig& config_;
  std::vector<PhraseTrie::Node> nodes_;
  // By the number of letters: what is known after them, and its cost by itself.
  std::vector<Way> ways_;
  std::vector<double> word_costs_;
};

}  // namespace

Worth to_worth(double nats) { return static_cast<Worth>(std::nearbyint(nats * kWorthsPerNat)); }

PhraseTrie::PhraseTrie(std::vector<Phrase> phrases, const PieceCosts& costs, const BonusConfig& config) {
  std::sort(phrases.begin(), phrases.end(),
            [](const Phrase& a, const Phrase& b) { return a.letters < b.letters; });
  nodes_ = Builder(phrases, costs, config).build();
  nodes_.shrink_to_fit();
}

std::optional<PhraseTrie::Place> PhraseTrie::find(Place place, Letter letter) const {
  const auto own = children(place);
  const auto found = std::lower_bound(own.begin(), own.end(), letter,
                                      [](const Node& node, Letter wanted) { return node.letter < wanted; });
  if (found == own.end() || found->letter != letter) return std::nullopt;
  return nodes_[place].first_child + static_cast<Place>(found - own.begin());
}

}  // namespace stapes::decode
