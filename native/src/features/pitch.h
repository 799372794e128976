// How voiced a moment of sound is, and how high: spec/endpoints.md, section 3.
//
// Letters: W samples of a window.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "features/fft.h"

namespace stapes::features {

inline constexpr std::size_t kPitchSamples = 960;

struct Pitch {
  // In [0, 1]; near 1 for a vowel.
  double voicing;
  // Logarithm to base 2 of its frequency in Hz; means nothing without voicing.
  double octaves;
};

// Finds the greatest peak of the autocorrelation (Rabiner, 1977). One object serves any number of threads.
class PitchFinder {
 public:
  explicit PitchFinder(const kernels::Table& table);

  // Values that it works with; one for each thread.
  struct Workspace {
    PowerSpectrum::Workspace spectrum;
    std::vector<double> power, now, before;
  };
  Workspace workspace() const;

  // The pitch of `window` [W], 60 ms at 16 kHz.
  Pitch find(std::span<const float> window, Workspace& work) const;

 private:
  // The autocorrelation of what `work` holds the power of, lag after lag.
  std::vector<double> autocorrelation(Workspace& work) const;

  PowerSpectrum spectrum_;
  std::vector<double> taper_;
  // Its autocorrelation, 1 at lag 0.
  std::vector<double> fade_;
  // Twice the cosine of the angle that a line of the band turns with each lag.
  std::vector<double> twice_cosines_;
};

}  // namespace stapes::features
