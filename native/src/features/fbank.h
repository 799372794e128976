// The log-mel filter bank of spec/features.md, streaming and offline from one code path.
//
// Letters: N samples, T frames, W window samples, P points of a transform, M mel bins, S frames side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "features/fft.h"

namespace stapes::features {

// The meaning and the defaults are those of spec/features.md.
struct FbankConfig {
  int sample_rate_hz = 16000;
  double window_ms = 25.0;
  double shift_ms = 10.0;
  int mel_bins = 80;
  double low_hz = 20.0;
  double high_hz = 7600.0;
  double preemphasis = 0.97;

  std::size_t window_samples() const;
  std::size_t shift_samples() const;
  // The next power of two that holds a window.
  std::size_t fft_samples() const;
};

// Where a stream stands; a value.
struct FbankState {
  // The last samples of the stream so far, and how many were dropped before them.
  std::vector<float> pending;
  std::int64_t dropped_samples = 0;
  std::int64_t frames_done = 0;
};

// The filter bank as a pure function of (samples, state). Every frame is computed by itself, in one order of
// operations, so the values do not depend on how the stream was cut into chunks. One object serves any number
// of threads.
class Fbank {
 public:
  // Throws Error (kConfig) if a setting is out of range.
  Fbank(const FbankConfig& config, const kernels::Table& table);

  // Room for computing; for one thread at a time.
  struct Workspace {
    kernels::Aligned<float> windows;    // [W, S]
    PowerSpectrum::Workspace spectrum;  // [P / 2, S]
    kernels::Aligned<double> power;     // [P / 2, S]
    kernels::Aligned<float> logs;       // [M, S]
  };
  Workspace make_workspace() const;

  std::size_t mel_bins() const { return static_cast<std::size_t>(config_.mel_bins); }

  // Takes further samples [N] in [-1, 1] and appends the frames [T, M] that they complete to `frames`.
  void step(std::span<const float> samples, FbankState& state, Workspace& work, std::vector<float>& frames) const;
  // Appends the frames [T, M] that remain when the stream ends here to `frames`.
  void flush(FbankState& state, Workspace& work, std::vector<float>& frames) const;

 private:
  // Triangles over the power bins, and the weights of one after the other.
  struct Filters {
    std::vector<kernels::Band> bands;
    std::vector<double> weights;
  };

  static Filters make_filters(const FbankConfig& config);
  void append_frames(FbankState& state, std::int64_t end, Workspace& work, std::vector<float>& frames) const;
  // Sample `n` of the window of frame `index` to `window[n * S]`, mirrored at the ends of the stream.
  void take_window(const FbankState& state, std::int64_t index, float* window) const;
  // Frames [<= S, M] of the windows in `work`.
  void log_mel(Workspace& work, std::span<float> frames) const;

  FbankConfig config_;
  const kernels::Table* table_;
  // Samples from the beginning of a window to the beginning of its shift.
  std::int64_t lead_samples_;
  std::vector<float> window_;
  Filters filters_;
  PowerSpectrum spectrum_;
};

}  // namespace stapes::features
