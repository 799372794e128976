// Requantisation and LSTM cell of every kernel of this CPU, against the formulas of spec/numerics.md in plain C++.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "kernels/table.h"

namespace {

using stapes::kernels::CellStep;
using stapes::kernels::Lines;
using stapes::kernels::Requantiser;
using stapes::kernels::Table;

constexpr std::size_t kCounts[] = {1, 7, 8, 9, 15, 16, 17, 31, 33, 100};

using Integers = std::vector<std::int32_t>;

Integers random_integers(std::mt19937& random, std::size_t count, std::int64_t magnitude) {
  std::uniform_int_distribution<std::int64_t> uniform(-magnitude, magnitude);
  Integers values(count);
  for (auto& value : values) {
    const bool extreme = random() % 8 == 0;
    value = static_cast<std::int32_t>(extreme ? (random() % 2 ? magnitude : -magnitude) : uniform(random));
  }
  return values;
}

std::int32_t expected_value(const Requantiser& to, std::int32_t sum, std::size_t row) {
  __extension__ using Wide = __int128;
  const Wide scaled = Wide{sum} * to.multipliers[row] + (Wide{to.offsets[row]} << (to.shift - 8));
  return static_cast<std::int32_t>(std::clamp<Wide>(scaled >> to.shift, to.least, to.most));
}

// Vectors of sums that are apart, and their values, which are apart, too.
template <typename Value>
void check_values(const Table& table, const Requantiser& to, std::size_t rows, const Integers& sums) {
  const std::size_t stride = rows + 2, count = sums.size() / stride;
  std::vector<Value> values(sums.size(), 77);
  table.requantise_to<Value>()({to, rows, count, sums.data(), stride, values.data(), stride});
  for (std::size_t at = 0; at < sums.size(); ++at) {
    const std::size_t row = at % stride;
    CHECK_EQUAL(std::int32_t{values[at]}, row < rows ? expected_value(to, sums[at], row) : 77);
  }
}

void check_requantiser(const Table& table, std::size_t count, int shift, std::int32_t most, std::mt19937& random) {
  const Integers sums = random_integers(random, 2 * (count + 2), 0x7fffffff);
  const Integers multipliers = random_integers(random, count, random() % 2 ? 0x7fffffff : 1 << 12);
  const Integers offsets = random_integers(random, count, 1 << 30);
  const Requantiser to{multipliers.data(), offsets.data(), shift, most == 127 ? 0 : -most - 1, most};
  check_values<std::int32_t>(table, to, count, sums);
  if (most <= 32767) check_values<std::int16_t>(table, to, count, sums);
  if (most <= 127) check_values<std::int8_t>(table, to, count, sums);
}

// The largest numbers that 32 bits are enough for: a product less its last shift - 8 bits, and that plus an offset.
void check_short(const Table& table, std::size_t count, int shift, std::int32_t most, std::mt19937& random) {
  const std::int64_t offset = std::int64_t{1} << (random() % 2 ? 30 : 20), product = (std::int64_t{1} << 31) - offset - 1;
  const Integers multipliers = random_integers(random, count, 0x7fffffff), offsets = random_integers(random, count, offset);
  const std::int64_t sum = std::min<std::int64_t>(0x7fffffff, (product << (shift - 8)) / 0x7fffffff);
  const Integers sums = random_integers(random, 2 * (count + 2), sum);
  const Requantiser to{multipliers.data(), offsets.data(), shift, most == 127 ? -127 : -most - 1, most, true};
  check_values<std::int32_t>(table, to, count, sums);
  if (most <= 32767) check_values<std::int16_t>(table, to, count, sums);
  if (most <= 127) check_values<std::int8_t>(table, to, count, sums);
}

Lines lines_of(double (*function)(double)) {
  Lines lines{};
  const auto knot = [&](int at) {
    return std::clamp(static_cast<int>(std::lrint(32768 * function(at / 16.0 - 8))), -32767, 32767);
  };
  for (int at = 0; at < 256; ++at) lines.set(static_cast<std::size_t>(at), knot(at), knot(at + 1));
  return lines;
}

struct Layer {
  Integers sums, multipliers, offsets;
  std::vector<std::int16_t> cell, stream;
  std::vector<std::int8_t> hidden;
};

Layer random_layer(std::mt19937& random, std::size_t units) {
  Layer layer{random_integers(random, 4 * units, 1 << 22), random_integers(random, 4 * units, 1 << 30),
              random_integers(random, 4 * units, 1 << 20), {}, {}, std::vector<std::int8_t>(units + 1, 77)};
  for (const std::int32_t value : random_integers(random, units + 1, 32767)) {
    layer.cell.push_back(static_cast<std::int16_t>(value == 32767 ? -32768 : value));
    layer.stream.push_back(static_cast<std::int16_t>(-value));
  }
  return layer;
}

void run(const Table& table, Layer& layer, std::size_t units) {
  static const Lines sigmoid = lines_of([](double x) { return 1 / (1 + std::exp(-x)); });
  static const Lines hyperbolic = lines_of([](double x) { return std::tanh(x); });
  table.step({.sums = layer.sums.data(),
              .gates = {layer.multipliers.data(), layer.offsets.data(), 36, -32768, 32767},
              .sigmoid = &sigmoid,
              .tanh = &hyperbolic,
              .units = units,
              .cell = layer.cell.data(),
              .stream = layer.stream.data(),
              .hidden = layer.hidden.data()});
}

}  // namespace

TEST(requantisation_is_exact) {
  std::mt19937 random(1);
  for (const Table* table : stapes::kernels::available()) {
    for (const std::size_t count : kCounts) {
      for (const int shift : {8, 9, 20, 31, 32, 33, 39}) {
        for (const std::int32_t most : {127, 32767, (1 << 23) - 1}) {
          check_requantiser(*table, count, shift, most, random);
          check_short(*table, count, shift, most, random);
        }
      }
    }
  }
}

TEST(cells_agree_with_the_reference) {
  std::mt19937 random(2);
  for (const std::size_t units : kCounts) {
    for (int repetition = 0; repetition < 20; ++repetition) {
      const Layer before = random_layer(random, units);
      Layer expected = before;
      run(*stapes::kernels::named("reference"), expected, units);
      for (const Table* table : stapes::kernels::available()) {
        Layer actual = before;
        run(*table, actual, units);
        CHECK(actual.cell == expected.cell);
        CHECK(actual.stream == expected.stream);
        CHECK(actual.hidden == expected.hidden);
      }
    }
  }
}

TEST(joints_agree_with_the_reference) {
  std::mt19937 random(5);
  Lines hyperbolic = lines_of([](double x) { return std::tanh(x); });
  for (const std::size_t count : {1U, 7U, 8U, 9U, 31U, 32U, 33U, 3000U}) {
    std::vector<std::int16_t> frame, prediction;
    for (const std::int32_t value : random_integers(random, count, 32768)) {
      const auto narrow = static_cast<std::int16_t>(std::min(value, 32767) >> random() % 6);
      frame.push_back(narrow);
      prediction.push_back(random() % 3 == 0 ? narrow : static_cast<std::int16_t>(random() % 4096));
    }
    std::vector<std::vector<std::int8_t>> all;
    for (const Table* table : stapes::kernels::available()) {
      auto& own = all.emplace_back(count + 1, std::int8_t{77});
      table->join({frame.data(), prediction.data(), count, &hyperbolic, own.data()});
      CHECK(own == all.front());
    }
    CHECK_EQUAL(int{all.front().back()}, 77);
  }
}

TEST(sums_of_a_norm_are_exact) {
  std::mt19937 random(3);
  for (const std::size_t count : {1U, 31U, 32U, 33U, 100U, 4096U}) {
    std::vector<std::int16_t> stream;
    for (const std::int32_t value : random_integers(random, count, 32768)) {
      stream.push_back(static_cast<std::int16_t>(std::min(value, 32767)));
    }
    if (count == 4096) stream.assign(count, -32768);
    std::int64_t total = 0, squares = 0;
    for (const std::int64_t value : stream) total += value, squares += value * value;
    for (const Table* table : stapes::kernels::available()) {
      CHECK_EQUAL(table->measure(stream.data(), count).total, total);
      CHECK_EQUAL(table->measure(stream.data(), count).squares, squares);
    }
  }
}

TEST(centring_agrees_with_its_formula) {
  std::mt19937 random(4);
  for (const std::size_t count : {1U, 7U, 8U, 9U, 100U, 4096U}) {
    std::vector<std::int16_t> stream;
    for (const std::int32_t value : random_integers(random, count, 32767)) stream.push_back(static_cast<std::int16_t>(value));
    const auto width = static_cast<std::int64_t>(count), total = random() % 2 ? -width * 32768 : width * 32767;
    for (const int shift : {4, 5, 19, 31}) {
      const std::int64_t root = random() % 2 ? 1 << 16 : (1 << 15) + 77;
      std::vector<std::int32_t> expected;
      for (const std::int64_t value : stream) {
        const std::int64_t scaled = (width * value - total) * root + (std::int64_t{1} << (shift - 1));
        // What does not fit is never asked for: t has at most 20 bits.
        expected.push_back(static_cast<std::int32_t>(scaled >> shift));
      }
      expected.push_back(77);
      for (const Table* table : stapes::kernels::available()) {
        std::vector<std::int32_t> normed(count + 1, 77);
        table->centre({stream.data(), count, total, root, shift, normed.data()});
        CHECK(normed == expected);
      }
    }
  }
}

TEST(reference_cell_by_hand) {
  // Gates of 0: i = f = o = 1/2, g = 0; c = 1000 / 2; tanh(500 / 2^11) = 7842 / 2^15 by the lines; h = half of it.
  Layer layer{Integers(4), Integers(4, 1 << 30), Integers(4, 128), {1000, 77}, {5, 77}, {1, 77}};
  run(*stapes::kernels::named("reference"), layer, 1);
  CHECK_EQUAL(layer.cell[0], 500);
  CHECK_EQUAL(layer.stream[0], 5 + ((3921 + 16) >> 5));
  CHECK_EQUAL(static_cast<int>(layer.hidden[0]), (3921 + 128) >> 8);
}

CHECK_MAIN();
