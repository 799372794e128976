// What a search computes of each label, with every kernel of this CPU, against the formulas of kernels/table.h in plain C++.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "check.h"
#include "decode/numbers.h"
#include "kernels/table.h"

namespace {

using stapes::kernels::Table;

constexpr std::size_t kCounts[] = {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 256, 300};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

struct Exponentials {
  std::vector<double> coarse, fine;

  Exponentials() {
    for (int at = 0; at < 512; ++at) coarse.push_back(std::exp(-512.0 * at / 4096)), fine.push_back(std::exp(-at / 4096.0));
  }
};

std::vector<float> log_probs_of(const std::vector<float>& logits, const Exponentials& all) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sums[4] = {};
  for (std::size_t at = 0; at < logits.size(); ++at) {
    const auto steps = static_cast<std::size_t>(std::min((most - double{logits[at]}) * 4096, 512 * 512 - 1.0));
    sums[at % 4] += all.coarse[steps / 512] * all.fine[steps % 512];
  }
  const double log_sum = std::log((sums[0] + sums[1]) + (sums[2] + sums[3]));
  std::vector<float> log_probs;
  for (const float logit : logits) log_probs.push_back(static_cast<float>(double{logit} - most - log_sum));
  return log_probs;
}

}  // namespace

TEST(numbers_take_a_byte_each_where_all_fit) {
  const stapes::decode::Numbers narrow(std::vector<std::uint16_t>{0, 3, 255}), wide(std::vector<std::uint16_t>{3, 256});
  CHECK(narrow.size() == 3 && narrow[0] == 0 && narrow[2] == 255);
  CHECK(wide.size() == 2 && wide[0] == 3 && wide[1] == 256);
  const auto bytes = [](const auto& numbers) { return sizeof(numbers[0]); };
  CHECK(narrow.visit(bytes) == 1 && wide.visit(bytes) == 2);
  CHECK(stapes::decode::Numbers().size() == 0);
}

TEST(log_probabilities_have_the_same_bits) {
  std::mt19937 random(1);
  const Exponentials all;
  for (const std::size_t count : kCounts) {
    for (const int spread : {1, 3000, 400'000, (1 << 24) - 1}) {
      std::vector<float> logits;
      for (std::size_t at = 0; at < count; ++at) {
        logits.push_back(static_cast<float>(static_cast<int>(random() % static_cast<unsigned>(spread)) - spread / 2) / 4096);
      }
      std::vector<float> expected = log_probs_of(logits, all);
      expected.push_back(77);
      for (const Table* table : stapes::kernels::available()) {
        std::vector<float> own = logits;
        own.push_back(77);
        table->normalise({own.data(), count, all.coarse.data(), all.fine.data()});
        CHECK(own == expected);
      }
    }
  }
}

TEST(extensions_have_the_same_bits) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> uniform(-20, 0);
  for (const std::size_t count : kCounts) {
    std::vector<float> heard, hoped;
    std::vector<double> seen, expected;
    double most = -kInfinity;
    for (std::size_t at = 0; at < count; ++at) {
      heard.push_back(random() % 5 == 0 ? static_cast<float>(kNoNumber) : static_cast<float>(uniform(random)));
      hoped.push_back(static_cast<float>(uniform(random)));
      seen.push_back(random() % 5 == 0 ? -kInfinity : uniform(random));
      expected.push_back(-3.5 + double{heard[at]} + double{hoped[at]} + seen[at]);
      if (expected[at] > most) most = expected[at];
    }
    for (const Table* table : stapes::kernels::available()) {
      std::vector<double> own(count + 1, 77);
      CHECK_EQUAL(table->extend({-3.5, heard.data(), hoped.data(), seen.data(), count, own.data()}), most);
      int wrong = 0;
      for (std::size_t at = 0; at < count; ++at) {
        wrong += own[at] != expected[at] && !(std::isnan(own[at]) && std::isnan(expected[at]));
      }
      CHECK_EQUAL(wrong, 0);
      CHECK_EQUAL(own[count], 77);
    }
  }
}

CHECK_MAIN();
