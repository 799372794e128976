#include "features/pitch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

namespace stapes::features {
namespace {

constexpr double kRateHz = 16'000;
constexpr std::size_t kPoints = 2048;
// 60 to 1200 Hz; filled up with lines that are left at 0, so that four are taken at once.
constexpr std::size_t kFirstLine = 7, kLines = 146, kFilledLines = 148;
constexpr std::size_t kLeastLag = 40, kMostLag = 229;
// Of peaks about equally high the first one counts: the later ones are its multiples.
constexpr double kPreference = 0.15;
constexpr double kLeastPower = 1e-9;

double sum_of(std::span<const double> values) {
  std::array<double, 4> parts{};
  for (std::size_t at = 0; at < values.size(); at += 4) {
    for (std::size_t part = 0; part < 4; ++part) parts[part] += values[at + part];
  }
  return (parts[0] + parts[1]) + (parts[2] + parts[3]);
}

}  // namespace

PitchFinder::PitchFinder(const kernels::Table& table)
    : spectrum_(kPoints, 1, table), taper_(kPitchSamples), fade_(kMostLag + 1), twice_cosines_(kFilledLines) {
  for (std::size_t n = 0; n < kPitchSamples; ++n) {
    taper_[n] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(n) / (kPitchSamples - 1));
  }
  for (std::size_t lag = 0; lag <= kMostLag; ++lag) {
    fade_[lag] = std::inner_product(taper_.begin() + static_cast<std::ptrdiff_t>(lag), taper_.end(), taper_.begin(), 0.0);
  }
  for (std::size_t lag = kMostLag + 1; lag-- > 0;) fade_[lag] /= fade_[0];
  for (std::size_t line = 0; line < kLines; ++line) {
    twice_cosines_[line] = 2 * std::cos(2 * std::numbers::pi * static_cast<double>(kFirstLine + line) / kPoints);
  }
}

PitchFinder::Workspace PitchFinder::workspace() const {
  return {spectrum_.workspace(), std::vector<double>(kPoints / 2), std::vector<double>(kFilledLines),
          std::vector<double>(kFilledLines)};
}

std::vector<double> PitchFinder::autocorrelation(Workspace& work) const {
  std::vector<double> found;
  // Cosines by the recurrence of Chebyshev: cos((l + 1) a) = 2 cos(a) cos(l a) - cos((l - 1) a).
  for (std::size_t line = 0; line < kFilledLines; ++line) {
    work.now[line] = line < kLines ? 2 * work.power[kFirstLine + line] / kPoints : 0.0;
    work.before[line] = work.now[line] * twice_cosines_[line] / 2;
  }
  for (std::size_t lag = 0; lag <= kMostLag; ++lag) {
    found.push_back(sum_of(work.now));
    for (std::size_t line = 0; line < kFilledLines; ++line) {
      work.before[line] = twice_cosines_[line] * work.now[line] - work.before[line];
    }
    std::swap(work.now, work.before);
  }
  return found;
}

Pitch PitchFinder::find(std::span<const float> window, Workspace& work) const {
  const double mean = std::accumulate(window.begin(), window.end(), 0.0) / kPitchSamples;
  const auto tapered = [&](std::size_t n) { return (static_cast<double>(window[n]) - mean) * taper_[n]; };
  for (std::size_t n = 0; n < kPoints; n += 2) {
    work.spectrum.re[n / 2] = n < kPitchSamples ? tapered(n) : 0.0;
    work.spectrum.im[n / 2] = n < kPitchSamples ? tapered(n + 1) : 0.0;
  }
  spectrum_(work.spectrum, work.power);
  const std::vector<double> found = autocorrelation(work);
  const auto likeness = [&](std::size_t lag) { return found[lag] / (found[0] + kLeastPower) / fade_[lag]; };
  std::size_t best = kLeastLag;
  double highest = -1e300;
  for (std::size_t lag = kLeastLag; lag <= kMostLag; ++lag) {
    const double preferred = likeness(lag) * (1 - kPreference * static_cast<double>(lag) / kMostLag);
    if (preferred > highest) best = lag;
    highest = std::max(highest, preferred);
  }
  return {std::clamp(likeness(best), 0.0, 1.0), std::log2(kRateHz / static_cast<double>(best))};
}

}  // namespace stapes::features
