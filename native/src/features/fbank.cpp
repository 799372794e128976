#include "features/fbank.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "error.h"
#include "sentence.h"

namespace stapes::features {
namespace {

// The smallest energy whose logarithm is taken, as Kaldi has it.
constexpr double kEnergyFloor = static_cast<double>(std::numeric_limits<float>::epsilon());
constexpr std::size_t kTogether = kernels::kSignalsTogether;
constexpr double kLongestWindowMs = 500;
constexpr int kHighestRateHz = 192'000;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kConfig, std::move(text)); }

void check(const FbankConfig& config) {
  if (config.sample_rate_hz < 8000 || config.sample_rate_hz > kHighestRateHz) {
    refuse(sentence("sample_rate_hz: 8000 to ", kHighestRateHz, " is expected, got ", config.sample_rate_hz));
  }
  if (!(config.window_ms >= 1 && config.window_ms <= kLongestWindowMs)) {
    refuse(
        sentence("window_ms: 1 to ", shown(kLongestWindowMs), " is expected, got ", shown(config.window_ms)));
  }
  if (!(config.shift_ms >= 1 && config.shift_ms <= config.window_ms)) {
    refuse(sentence("shift_ms: 1 to window_ms (", shown(config.window_ms), ") is expected, got ",
                    shown(config.shift_ms)));
  }
  if (config.mel_bins < 1 || config.mel_bins > 128) {
    refuse(sentence("mel_bins: 1 to 128 is expected, got ", config.mel_bins));
  }
  const double most_hz = config.sample_rate_hz / 2.0;
  if (!(config.low_hz >= 0 && config.low_hz < config.high_hz && config.high_hz <= most_hz)) {
    refuse(sentence("low_hz, high_hz: 0 <= low < high <= ", shown(most_hz), " is expected, got ",
                    shown(config.low_hz), ", ", shown(config.high_hz)));
  }
  if (!(config.preemphasis >= 0 && config.preemphasis <= 1)) {
    refuse(sentence("preemphasis: 0 to 1 is expected, got ", shown(config.preemphasis)));
  }
}

const FbankConfig& checked(const FbankConfig& config) {
  check(config);
  return config;
}

// Rounded half up.
std::size_t to_samples(double ms, int sample_rate_hz) {
  return static_cast<std::size_t>(std::floor(ms * sample_rate_hz / 1000 + 0.5));
}

std::vector<float> povey_window(std::size_t samples) {
  std::vector<float> window(samples);
  for (std::size_t n = 0; n < samples; ++n) {
    const double phase = 2 * std::numbers::pi * static_cast<double>(n) / static_cast<double>(samples - 1);
    window[n] = static_cast<float>(std::pow(0.5 - 0.5 * std::cos(phase), 0.85));
  }
  return window;
}

double mel(double hz) { return 1127.0 * std::log(1.0 + hz / 700.0); }

// An index outside [0, total) mirrored at the edges, the edge sample repeated, as often as needed.
std::int64_t mirrored(std::int64_t index, std::int64_t total) {
  const std::int64_t period = 2 * total;
  index = (index % period + period) % period;
  return index < total ? index : period - 1 - index;
}

}  // namespace

std::size_t FbankConfig::window_samples() const { return to_samples(window_ms, sample_rate_hz); }
std::size_t FbankConfig::shift_samples() const { return to_samples(shift_ms, sample_rate_hz); }
std::size_t FbankConfig::fft_samples() const { return std::bit_ceil(window_samples()); }

std::vector<Fbank::Filter> Fbank::make_filters(const FbankConfig& config) {
  const auto bins = static_cast<std::size_t>(config.mel_bins);
  const std::size_t power_bins = config.fft_samples() / 2;
  const double hz_per_bin =
      static_cast<double>(config.sample_rate_hz) / static_cast<double>(config.fft_samples());
  const double low = mel(config.low_hz);
  const double step = (mel(config.high_hz) - low) / static_cast<double>(bins + 1);
  const auto edge = [&](std::size_t index) { return low + static_cast<double>(index) * step; };
  std::vector<Filter> filters(bins);
  for (std::size_t m = 0; m < bins; ++m) {
    const double left = edge(m), centre = edge(m + 1), right = edge(m + 2);
    for (std::size_t k = 0; k < power_bins; ++k) {
      const double place = mel(static_cast<double>(k) * hz_per_bin);
      const double weight = std::min((place - left) / (centre - left), (right - place) / (right - centre));
      if (weight <= 0) continue;
      if (filters[m].weights.empty()) filters[m].first = k;
      filters[m].weights.push_back(weight);
    }
    if (filters[m].weights.empty()) {
      refuse(sentence("mel_bins: ", bins, " filters are too narrow for windows of ", shown(config.window_ms),
                      " ms"));
    }
  }
  return filters;
}

Fbank::Fbank(const FbankConfig& config, const kernels::Table& table)
    : config_(checked(config)),
      lead_samples_(static_cast<std::int64_t>(config.window_samples() / 2 - config.shift_samples() / 2)),
      window_(povey_window(config.window_samples())),
      filters_(make_filters(config)),
      spectrum_(config.fft_samples(), kTogether, table) {}

Fbank::Workspace Fbank::make_workspace() const {
  return {std::vector<float>(kTogether * window_.size()), spectrum_.workspace(),
          std::vector<double>(kTogether * config_.fft_samples() / 2)};
}

void Fbank::step(std::span<const float> samples, FbankState& state, Workspace& work,
                 std::vector<float>& frames) const {
  state.pending.insert(state.pending.end(), samples.begin(), samples.end());
  const auto shift = static_cast<std::int64_t>(config_.shift_samples());
  const std::int64_t total = state.dropped_samples + static_cast<std::int64_t>(state.pending.size());
  const std::int64_t tail = static_cast<std::int64_t>(window_.size()) - lead_samples_;
  const std::int64_t ready = total < tail ? 0 : (total - tail) / shift + 1;
  append_frames(state, ready, work, frames);
  const std::int64_t drop = std::max<std::int64_t>(0, ready * shift - lead_samples_) - state.dropped_samples;
  state.pending.erase(state.pending.begin(), state.pending.begin() + drop);
  state.dropped_samples += drop;
}

void Fbank::flush(FbankState& state, Workspace& work, std::vector<float>& frames) const {
  const auto shift = static_cast<std::int64_t>(config_.shift_samples());
  const std::int64_t total = state.dropped_samples + static_cast<std::int64_t>(state.pending.size());
  append_frames(state, (total + shift / 2) / shift, work, frames);
}

void Fbank::append_frames(FbankState& state, std::int64_t end, Workspace& work, std::vector<float>& frames) const {
  if (end <= state.frames_done || state.pending.empty()) return;
  const std::size_t place = frames.size();
  frames.resize(place + static_cast<std::size_t>(end - state.frames_done) * mel_bins());
  for (auto rest = std::span(frames).subspan(place); !rest.empty();) {
    const std::size_t now = std::min(kTogether, rest.size() / mel_bins());
    for (std::size_t lane = 0; lane < now; ++lane) take_window(state, state.frames_done++, window(work, lane));
    log_mel(work, rest.first(now * mel_bins()));
    rest = rest.subspan(now * mel_bins());
  }
}

void Fbank::take_window(const FbankState& state, std::int64_t index, std::span<float> window) const {
  const std::int64_t total = state.dropped_samples + static_cast<std::int64_t>(state.pending.size());
  const std::int64_t begin = index * static_cast<std::int64_t>(config_.shift_samples()) - lead_samples_;
  const auto samples = static_cast<std::int64_t>(window.size());
  if (begin >= state.dropped_samples && begin + samples <= total) {
    const auto first = state.pending.begin() + (begin - state.dropped_samples);
    std::copy(first, first + samples, window.begin());
    return;
  }
  // What mirrors the end lies in the last window, which is still there.
  for (std::int64_t n = 0; n < samples; ++n) {
    const std::int64_t place = mirrored(begin + n, total) - state.dropped_samples;
    window[static_cast<std::size_t>(n)] = state.pending[static_cast<std::size_t>(place)];
  }
}

void Fbank::prepare(Workspace& work) const {
  const std::size_t samples = window_.size();
  const auto preemphasis = static_cast<float>(config_.preemphasis);
  std::array<double, kTogether> sums{};
  for (std::size_t n = 0; n < samples; ++n) {
    for (std::size_t lane = 0; lane < kTogether; ++lane) {
      sums[lane] += static_cast<double>(work.windows[lane * samples + n]);
    }
  }
  std::ranges::fill(work.spectrum.re, 0.0);
  std::ranges::fill(work.spectrum.im, 0.0);
  for (std::size_t lane = 0; lane < kTogether; ++lane) {
    const auto mean = static_cast<float>(sums[lane] / static_cast<double>(samples));
    const auto own = window(work, lane);
    for (float& sample : own) sample -= mean;
    // The first sample has no sample before it, and the window is zero there.
    const auto value = [&](std::size_t n) {
      return static_cast<double>((n == 0 ? own[n] : own[n] - preemphasis * own[n - 1]) * window_[n]);
    };
    for (std::size_t n = 0; n + 1 < samples; n += 2) {
      work.spectrum.re[n / 2 * kTogether + lane] = value(n);
      work.spectrum.im[n / 2 * kTogether + lane] = value(n + 1);
    }
    if (samples % 2 == 1) work.spectrum.re[samples / 2 * kTogether + lane] = value(samples - 1);
  }
}

void Fbank::log_mel(Workspace& work, std::span<float> frames) const {
  prepare(work);
  spectrum_(work.spectrum, work.power);
  for (std::size_t m = 0; m < filters_.size(); ++m) {
    const Filter& filter = filters_[m];
    std::array<double, kTogether> energies{};
    for (std::size_t k = 0; k < filter.weights.size(); ++k) {
      const double* const power = work.power.data() + (filter.first + k) * kTogether;
      for (std::size_t lane = 0; lane < kTogether; ++lane) energies[lane] += power[lane] * filter.weights[k];
    }
    for (std::size_t lane = 0; lane * filters_.size() < frames.size(); ++lane) {
      frames[lane * filters_.size() + m] = static_cast<float>(std::log(std::max(energies[lane], kEnergyFloor)));
    }
  }
}

}  // namespace stapes::features
