// From sound to log-mel frames, with every kernel of this CPU: the same bits, and logarithms as the library rounds them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "check.h"
#include "features/fbank.h"
#include "kernels/table.h"

namespace {

using stapes::kernels::Band;
using stapes::kernels::Table;

constexpr double kFloor = std::numeric_limits<float>::epsilon();

// What the filter makes of energies: each is a band of one point.
void check_logs(const Table& table, const std::vector<double>& energies) {
  const double one = 1;
  const Band band{0, 1};
  std::vector<double> power(table.signals);
  std::vector<float> logs(table.signals);
  int wrong = 0;
  for (std::size_t at = 0; at < energies.size(); ++at) {
    // The others are easy.
    std::ranges::fill(power, 3.0);
    power[at % table.signals] = energies[at];
    table.filter({power.data(), &band, 1, &one, kFloor, logs.data()});
    const auto expected = static_cast<float>(std::log(std::max(energies[at], kFloor)));
    const float actual = logs[at % table.signals];
    wrong += actual != expected && !(std::isnan(actual) && std::isnan(expected));
  }
  CHECK_EQUAL(wrong, 0);
}

// Energies whose logarithms lie as near as can be to the middle of two 32-bit floats.
std::vector<double> hard_energies(std::mt19937& random) {
  std::uniform_real_distribution<float> uniform(-15.9F, 40.0F);
  std::vector<double> energies;
  for (int count = 0; count < 3000; ++count) {
    const float below = count % 3 == 0 ? uniform(random) / 1000 : uniform(random);
    const float above = std::nextafter(below, 100.0F);
    double energy = std::exp((double{below} + double{above}) / 2);
    for (int ulp = 0; ulp < 2; ++ulp) energy = std::nextafter(energy, 0.0);
    for (int ulp = 0; ulp < 5; ++ulp) energies.push_back(energy = std::nextafter(energy, 1e300));
  }
  return energies;
}

}  // namespace

TEST(logarithms_are_rounded_as_those_of_the_library) {
  std::mt19937 random(1);
  std::vector<double> energies = hard_energies(random);
  for (const double energy : {0.0, kFloor, 1.0, std::nextafter(1.0, 0.0), std::nextafter(1.0, 2.0), std::sqrt(0.5),
                              std::numeric_limits<double>::max(), std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN()}) {
    energies.push_back(energy);
  }
  std::uniform_real_distribution<double> exponent(-25, 60);
  for (int count = 0; count < 20000; ++count) energies.push_back(std::exp2(exponent(random)));
  for (const Table* table : stapes::kernels::available()) check_logs(*table, energies);
}

TEST(bands_add_weighted_powers_up) {
  constexpr double kWeights[] = {0.5, 2, 3};
  constexpr Band kBands[] = {{1, 2}, {0, 1}};
  for (const Table* table : stapes::kernels::available()) {
    const std::size_t signals = table->signals;
    std::vector<double> power(3 * signals);
    for (std::size_t at = 0; at < power.size(); ++at) power[at] = static_cast<double>(at + 1);
    std::vector<float> logs(2 * signals);
    table->filter({power.data(), kBands, 2, kWeights, kFloor, logs.data()});
    for (std::size_t lane = 0; lane < signals; ++lane) {
      const double first = 0.5 * power[signals + lane] + 2 * power[2 * signals + lane], second = 3 * power[lane];
      CHECK_EQUAL(logs[lane], static_cast<float>(std::log(first)));
      CHECK_EQUAL(logs[signals + lane], static_cast<float>(std::log(second)));
    }
  }
}

TEST(frames_are_the_same_with_all_kernels) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> samples(16000);
  for (float& sample : samples) sample = uniform(random) * std::exp2(-static_cast<float>(random() % 16));
  for (const double window_ms : {25.0, 24.9375, 32.0}) {
    std::vector<std::vector<float>> all;
    for (const Table* table : stapes::kernels::available()) {
      const stapes::features::Fbank fbank({.window_ms = window_ms}, *table);
      auto work = fbank.make_workspace();
      stapes::features::FbankState state;
      auto& frames = all.emplace_back();
      fbank.step(samples, state, work, frames);
      fbank.flush(state, work, frames);
      CHECK(frames == all.front());
    }
    CHECK_EQUAL(all.front().size(), 100U * 80U);
  }
}

CHECK_MAIN();
