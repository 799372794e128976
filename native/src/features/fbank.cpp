#include "features/fbank.h"

#include <algorithm>
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

Fbank::Filters Fbank::make_filters(const FbankConfig& config) {
  const auto bins = static_cast<std::size_t>(config.mel_bins);
  const std::size_t power_bins = config.fft_samples() / 2;
  const double hz_per_bin =
      static_cast<double>(config.sample_rate_hz) / static_cast<double>(config.fft_samples());
  const double low = mel(config.low_hz);
  const double step = (mel(config.high_hz) - low) / static_cast<double>(bins + 1);
  const auto edge = [&](std::size_t index) { return low + static_cast<double>(index) * step; };
  Filters filters;
  for (std::size_t m = 0; m < bins; ++m) {
    const double left = edge(m), centre = edge(m + 1), right = edge(m + 2);
    kernels::Band band;
    for (std::size_t k = 0; k < power_bins; ++k) {
      const double place = mel(static_cast<double>(k) * hz_per_bin);
      const double weight = std::min((place - left) / (centre - left), (right - place) / (right - centre));
      if (weight <= 0) continue;
      if (band.count++ == 0) band.first = k;
      filters.weights.push_back(weight);
    }
    if (band.count == 0) {
      refuse(sentence("mel_bins: ", bins, " filters are too narrow for windows of ", shown(config.window_ms),
                      " ms"));
    }
    filters.bands.push_back(band);
  }
  return filters;
}

Fbank::Fbank(const FbankConfig& config, const kernels::Table& table)
    : config_(checked(config)),
      table_(&table),
      lead_samples_(static_cast<std::int64_t>(config.window_samples() / 2 - config.shift_samples() / 2)),
      window_(povey_window(config.window_samples())),
      filters_(make_filters(config)),
      spectrum_(config.fft_samples(), table.signals, table) {}

Fbank::Workspace Fbank::make_workspace() const {
  const std::size_t signals = table_->signals;
  return {kernels::Aligned<float>(window_.size() * signals), spectrum_.workspace(),
          kernels::Aligned<double>(config_.fft_samples() / 2 * signals), kernels::Aligned<float>(mel_bins() * signals)};
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
    const std::size_t now = std::min(table_->signals, rest.size() / mel_bins());
    for (std::size_t lane = 0; lane < now; ++lane) take_window(state, state.frames_done++, work.windows.data() + lane);
    log_mel(work, rest.first(now * mel_bins()));
    rest = rest.subspan(now * mel_bins());
  }
}

void Fbank::take_window(const FbankState& state, std::int64_t index, float* window) const {
  const std::int64_t total = state.dropped_samples + static_cast<std::int64_t>(state.pending.size());
  const std::int64_t begin = index * static_cast<std::int64_t>(config_.shift_samples()) - lead_samples_;
  const auto samples = static_cast<std::int64_t>(window_.size());
  const bool whole = begin >= state.dropped_samples && begin + samples <= total;
  for (std::int64_t n = 0; n < samples; ++n, window += table_->signals) {
    // What mirrors the end lies in the last window, which is still there.
    const std::int64_t place = whole ? begin + n : mirrored(begin + n, total);
    *window = state.pending[static_cast<std::size_t>(place - state.dropped_samples)];
  }
}

void Fbank::log_mel(Workspace& work, std::span<float> frames) const {
  const std::size_t signals = table_->signals, bins = mel_bins();
  for (kernels::Aligned<double>* const part : {&work.spectrum.re, &work.spectrum.im}) {
    std::ranges::fill(std::span(*part).subspan(window_.size() / 2 * signals), 0.0);
  }
  table_->window({.samples = work.windows.data(),
                  .weights = window_.data(),
                  .count = window_.size(),
                  .preemphasis = static_cast<float>(config_.preemphasis),
                  .re = work.spectrum.re.data(),
                  .im = work.spectrum.im.data()});
  spectrum_(work.spectrum, work.power);
  table_->filter({.power = work.power.data(),
                  .bands = filters_.bands.data(),
                  .count = bins,
                  .weights = filters_.weights.data(),
                  .floor = kEnergyFloor,
                  .logs = work.logs.data()});
  for (std::size_t lane = 0; lane * bins < frames.size(); ++lane) {
    for (std::size_t m = 0; m < bins; ++m) frames[lane * bins + m] = work.logs[m * signals + lane];
  }
}

}  // namespace stapes::features
