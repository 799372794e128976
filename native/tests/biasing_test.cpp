// Bonuses of random lists: any pieces that spell the same letters earn the same, and a beginning that breaks off nothing.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "check.h"
#include "decode/biasing.h"

namespace {

using stapes::decode::Biasing;
using stapes::decode::Label;
using stapes::decode::Letters;
using stapes::decode::Phrase;
using stapes::decode::PhraseLists;

const std::vector<std::string> kPieces{"<blk>", "<unk>", "▁", "a", "b", "▁a", "▁b", "ab", "ba", "▁ab"};
// Labels of a mark and of single letters.
constexpr Label kMarkAlone = 2, kA = 3, kB = 4;

std::uint32_t draw(std::uint32_t below) {
  static std::uint32_t state = 1;
  state = state * 1664525 + 1013904223;
  return (state >> 16) % below;
}

Letters random_words(bool with_class) {
  Letters letters;
  for (std::uint32_t words = 1 + draw(3); words > 0; --words) {
    if (with_class && draw(2) == 0) {
      letters += stapes::decode::kFirstClass;
      continue;
    }
    letters += stapes::decode::kMark;
    for (std::uint32_t count = 1 + draw(3); count > 0; --count) letters += draw(2) == 0 ? u'a' : u'b';
  }
  return letters;
}

std::vector<Phrase> random_list(std::uint32_t count, bool with_class) {
  std::vector<Phrase> list;
  for (; count > 0; --count) list.push_back({random_words(with_class), 0.5 + draw(5)});
  return list;
}

Biasing random_biasing() {
  return Biasing(std::make_shared<PhraseLists>(
      kPieces, random_list(draw(6), true), std::vector<std::vector<Phrase>>{random_list(draw(6), false)},
      stapes::decode::BonusConfig{.rarity = 1, .common = 1, .size = 0.5, .few = 3}));
}

double total(Biasing& biasing, std::span<const Label> labels) {
  std::vector<float> row(kPieces.size());
  Biasing::State state = biasing.start();
  double sum = 0;
  for (const Label label : labels) {
    biasing.scores(state, row);
    sum += static_cast<double>(row[static_cast<std::size_t>(label)]);
    state = biasing.step(state, label);
  }
  return sum + biasing.final(state);
}

// The same letters, one a label.
std::vector<Label> spelled_out(std::span<const Label> labels) {
  std::vector<Label> single;
  for (const Label label : labels) {
    for (const auto letter : stapes::decode::to_letters(kPieces[static_cast<std::size_t>(label)])) {
      single.push_back(letter == stapes::decode::kMark ? kMarkAlone : letter == u'a' ? kA : kB);
    }
  }
  return single;
}

}  // namespace

TEST(pieces_do_not_matter) {
  int earned = 0;
  for (int round = 0; round < 300; ++round) {
    Biasing biasing = random_biasing();
    std::vector<Label> labels{5};
    for (std::uint32_t count = draw(9); count > 0; --count) labels.push_back(2 + static_cast<Label>(draw(8)));
    const double whole = total(biasing, labels);
    CHECK_EQUAL(whole, total(biasing, spelled_out(labels)));
    CHECK(whole >= 0);
    if (whole > 0) ++earned;
  }
  CHECK(earned > 20);
}

TEST(a_phrase_that_breaks_off_earns_nothing) {
  Biasing biasing(std::make_shared<PhraseLists>(kPieces, std::vector<Phrase>{{u"\u2581ab\u2581ba", 2}},
                                                std::vector<std::vector<Phrase>>{},
                                                stapes::decode::BonusConfig{.rarity = 1, .common = 1, .size = 1, .few = 1}));
  const std::vector<Label> whole{9, 6, 3}, begun{9, 6}, broken{9, 5};
  CHECK(total(biasing, whole) > 0);
  CHECK_EQUAL(total(biasing, begun), 0.0);
  CHECK_EQUAL(total(biasing, broken), 0.0);
  std::vector<float> row(kPieces.size());
  biasing.scores(biasing.step(biasing.start(), 9), row);
  CHECK(row[6] > 0);
}

CHECK_MAIN();
