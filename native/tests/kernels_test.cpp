// Every kernel of this CPU, on every layout and on awkward shapes, against a plain sum over the levels.
#include <algorithm>
#include <random>
#include <vector>

#include "check.h"
#include "kernels/pack.h"
#include "kernels/table.h"

namespace {

using stapes::kernels::Arena;
using stapes::kernels::Layout;
using stapes::kernels::Matrix;
using stapes::kernels::Table;
using Levels = std::vector<std::int8_t>;

constexpr Layout kAll[] = {Layout::dense2, Layout::dense3,  Layout::dense4, Layout::dense6,
                           Layout::dense8, Layout::masked4, Layout::masked8};

struct Shape {
  std::size_t rows;
  std::size_t columns;
};
constexpr Shape kShapes[] = {{1, 1},   {1, 64},   {3, 7},    {7, 3},    {16, 4},   {17, 5},   {63, 63},
                             {64, 8},  {65, 9},   {1, 1537}, {130, 64}, {128, 65}, {33, 129}, {192, 96},
                             {5, 1000}, {257, 31}};

// All levels of the codec of six bits.
Levels small_alphabet() {
  Levels all;
  for (int level = -31; level <= 31; ++level) all.push_back(static_cast<std::int8_t>(level));
  return all;
}

// The levels that a layout can tell apart, extremes among them.
Levels alphabet(Layout layout) {
  switch (layout) {
    case Layout::dense2: return {-127, 0, 3, 127};
    case Layout::dense3: return {-127, -50, -3, 0, 1, 9, 88, 127};
    case Layout::dense4: return {-127, -100, -70, -40, -20, -9, -3, 0, 1, 5, 12, 30, 60, 90, 111, 127};
    case Layout::masked4: return {-127, -100, -70, -40, -20, -9, -3, -1, 1, 5, 12, 30, 60, 90, 111, 127};
    default: break;
  }
  Levels all;
  const int step = layout == Layout::dense6 ? 4 : 1;
  for (int level = -127; level <= 127; level += step) all.push_back(static_cast<std::int8_t>(level));
  if (layout == Layout::dense6) all[32] = 0;
  return all;
}

Levels random_levels(std::mt19937& random, Shape shape, const Levels& from, double zeros) {
  Levels levels(shape.rows * shape.columns);
  std::uniform_real_distribution<double> uniform;
  for (auto& level : levels) {
    level = uniform(random) < zeros ? std::int8_t{0} : from[random() % from.size()];
  }
  return levels;
}

// B rows of inputs with the extremes among them; what lies beyond the columns must have no influence.
Levels random_inputs(std::mt19937& random, std::size_t count) {
  Levels inputs(count);
  for (auto& input : inputs) {
    const auto kind = random() % 4;
    input = static_cast<std::int8_t>(kind == 0 ? -128 : kind == 1 ? 127 : static_cast<int>(random() % 256) - 128);
  }
  return inputs;
}

std::int32_t expected_sum(const Levels& levels, Shape shape, std::size_t row, const std::int8_t* inputs) {
  std::int32_t sum = 0;
  for (std::size_t column = 0; column < shape.columns; ++column) {
    sum += levels[row * shape.columns + column] * inputs[column];
  }
  return sum;
}

void check_product(const Table& table, const Matrix& matrix, const Levels& levels, std::size_t batch, std::mt19937& random) {
  const Shape shape{matrix.rows, matrix.columns};
  const std::size_t stride = stapes::kernels::padded_columns(shape.columns) + 8;
  const std::size_t sum_stride = stapes::kernels::padded_rows(shape.rows);
  const Levels inputs = random_inputs(random, stride * batch);
  std::vector<std::int32_t> sums(sum_stride * batch, 12345);
  std::vector<std::int32_t> grown = sums;
  table.multiply_for(matrix.layout)(matrix, {batch, inputs.data(), stride, sums.data(), sum_stride});
  table.multiply_for(matrix.layout)(matrix, {batch, inputs.data(), stride, grown.data(), sum_stride, true});
  int wrong = 0;
  for (std::size_t at = 0; at < batch * shape.rows; ++at) {
    const std::size_t vector = at / shape.rows, row = at % shape.rows, place = vector * sum_stride + row;
    const std::int32_t expected = expected_sum(levels, shape, row, inputs.data() + vector * stride);
    wrong += sums[place] != expected || grown[place] != 12345 + expected;
  }
  const auto layout = static_cast<int>(matrix.layout);
  if (wrong != 0) {
    check::fail(__FILE__, __LINE__, std::string(table.name) + " layout " + std::to_string(layout) + " " +
                std::to_string(shape.rows) + " x " + std::to_string(shape.columns) + " batch " +
                std::to_string(batch) + ": " + std::to_string(wrong) + " sums are wrong");
  }
}

void check_layout(Layout layout, const Levels& from, Shape shape, double zeros, std::mt19937& random) {
  const Levels levels = random_levels(random, shape, from, zeros);
  Arena arena(stapes::kernels::packed_bytes_bound(shape.rows, shape.columns));
  const auto matrix = stapes::kernels::pack(levels, shape.rows, shape.columns, levels, layout, arena);
  CHECK(matrix.has_value());
  if (!matrix) return;
  CHECK(stapes::kernels::unpack(*matrix) == levels);
  for (const Table* table : stapes::kernels::available()) {
    if (!table->runs(layout)) continue;
    for (const std::size_t batch : {1U, 2U, 3U, 4U, 5U, 9U}) check_product(*table, *matrix, levels, batch, random);
  }
}

}  // namespace

TEST(products_are_exact_on_every_shape) {
  std::mt19937 random(1);
  for (const Shape shape : kShapes) {
    for (const Layout layout : kAll) check_layout(layout, alphabet(layout), shape, 0.5, random);
    check_layout(Layout::dense6, small_alphabet(), shape, 0.5, random);
  }
}

TEST(rows_may_lie_apart) {
  std::mt19937 random(3);
  constexpr std::size_t kRows = 70, kWidth = 200, kFirst = 40, kCount = 130;
  for (const Layout layout : kAll) {
    const Levels all = random_levels(random, {kRows, kWidth}, alphabet(layout), 0.5);
    Levels part;
    for (std::size_t row = 0; row < kRows; ++row) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(row * kWidth + kFirst);
      part.insert(part.end(), begin, begin + kCount);
    }
    Arena arena(stapes::kernels::packed_bytes_bound(kRows, kCount));
    const auto matrix =
        stapes::kernels::pack(std::span(all).subspan(kFirst), kRows, kCount, all, layout, arena, kWidth);
    CHECK(matrix.has_value());
    if (matrix) CHECK(stapes::kernels::unpack(*matrix) == part);
    for (const Table* table : stapes::kernels::available()) {
      Arena other(stapes::kernels::packed_bytes_bound(kRows, kCount));
      const auto helped = stapes::kernels::pack(std::span(all).subspan(kFirst), kRows, kCount, all, layout, other, kWidth, table);
      CHECK(helped && stapes::kernels::unpack(*helped) == part);
    }
  }
}

TEST(a_trimmed_arena_keeps_what_was_taken_and_gives_more) {
  constexpr std::size_t kBytes = 5'000'000, kFirst = 2'100'001;
  Arena arena(kBytes);
  const auto first = arena.take(kFirst);
  std::ranges::fill(first, std::uint8_t{7});
  arena.trim();
  const auto second = arena.take(kFirst);
  CHECK(second.size() == kFirst);
  CHECK(std::ranges::all_of(first, [](std::uint8_t byte) { return byte == 7; }));
  CHECK(std::ranges::all_of(second, [](std::uint8_t byte) { return byte == 0; }));
  Arena{}.trim();
}

TEST(products_are_exact_without_zeros_and_with_nothing_else) {
  std::mt19937 random(2);
  for (const double zeros : {0.0, 0.95, 1.0}) {
    for (const Layout layout : kAll) check_layout(layout, alphabet(layout), {65, 130}, zeros, random);
    check_layout(Layout::dense6, small_alphabet(), {65, 130}, zeros, random);
  }
}

TEST(all_extremes_do_not_saturate) {
  const Levels levels(64 * 4096, 127);
  const Levels inputs(4096, -128);
  for (const Table* table : stapes::kernels::available()) {
    for (const Layout layout : kAll) {
      if (!table->runs(layout)) continue;
      Arena arena(stapes::kernels::packed_bytes_bound(64, 4096));
      const auto matrix = stapes::kernels::pack(levels, 64, 4096, levels, layout, arena);
      std::vector<std::int32_t> sums(64);
      table->multiply_for(layout)(*matrix, {1, inputs.data(), 4096, sums.data(), 64});
      CHECK_EQUAL(sums[0], -128 * 127 * 4096);
      CHECK_EQUAL(sums[63], -128 * 127 * 4096);
    }
  }
}

TEST(six_bits_do_not_overflow_in_the_longest_rows) {
  constexpr std::size_t kShort = 1 << 16, kLong = 1 << 17;
  for (const int level : {-31, 31}) {
    for (const std::size_t columns : {kShort, kShort + 1, kLong}) {
      const Levels levels(columns, static_cast<std::int8_t>(level)), inputs(stapes::kernels::padded_columns(columns), -128);
      Arena arena(stapes::kernels::packed_bytes_bound(1, columns));
      const auto matrix = stapes::kernels::pack(levels, 1, columns, levels, Layout::dense6, arena);
      for (const Table* table : stapes::kernels::available()) {
        if (!table->runs(Layout::dense6)) continue;
        std::vector<std::int32_t> sums(64);
        table->multiply_for(Layout::dense6)(*matrix, {1, inputs.data(), inputs.size(), sums.data(), 64});
        CHECK_EQUAL(sums[0], -128 * level * static_cast<std::int32_t>(columns));
      }
    }
  }
}

TEST(layout_is_the_smallest_that_holds_the_levels) {
  const Table& reference = *stapes::kernels::named("reference");
  const auto chosen = [&](const Levels& levels, bool masked) {
    return stapes::kernels::choose_layout(levels, masked, reference);
  };
  CHECK(chosen({1, 2, 3}, false) == Layout::dense2);     // zero is always a level
  CHECK(chosen({1, 2, 3, 4}, false) == Layout::dense3);
  CHECK(chosen(alphabet(Layout::dense4), false) == Layout::dense4);
  CHECK(chosen(alphabet(Layout::masked4), false) == Layout::dense6);
  CHECK(chosen(alphabet(Layout::masked4), true) == Layout::masked4);
  CHECK(chosen(alphabet(Layout::dense8), false) == Layout::dense8);
  CHECK(chosen(alphabet(Layout::dense8), true) == Layout::masked8);
}

TEST(six_bits_hold_levels_at_and_beyond_the_ends_of_their_range) {
  for (const int least : {-31, -32, -33}) {
    for (const int most : {30, 31, 32}) {
      Levels levels(64 * 8);
      for (std::size_t at = 0; at < levels.size(); ++at) {
        levels[at] = static_cast<std::int8_t>(at % 3 == 0 ? least : at % 3 == 1 ? most : 0);
      }
      Arena arena(stapes::kernels::packed_bytes_bound(64, 8));
      const auto matrix = stapes::kernels::pack(levels, 64, 8, levels, Layout::dense6, arena);
      CHECK(matrix.has_value() && stapes::kernels::unpack(*matrix) == levels);
    }
  }
}

TEST(packing_refuses_too_many_levels_and_a_full_arena) {
  const Levels levels = alphabet(Layout::dense8);
  Arena arena(stapes::kernels::packed_bytes_bound(1, levels.size()));
  CHECK(!stapes::kernels::pack(levels, 1, levels.size(), levels, Layout::dense4, arena).has_value());
  const Levels large(3 << 20, 5);
  CHECK(!stapes::kernels::pack(large, 1, large.size(), large, Layout::dense8, arena).has_value());
}

CHECK_MAIN();
