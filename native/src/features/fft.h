// The power spectrum of real signals whose length is a power of two.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace stapes::features {

// N points, N a power of two from 8 up. Computed as a complex transform of N / 2 points in Stockham's order,
// which needs no bit reversal, by radix 4 (and 2 at the end if need be), real and imaginary parts apart so
// that loops vectorise; in 64-bit floats as the reference does, since quiet bands would drown in the rounding
// of loud ones.
class PowerSpectrum {
 public:
  explicit PowerSpectrum(std::size_t points);

  // Values that a transform works with; one for each thread.
  struct Workspace {
    std::vector<double> re, im, other_re, other_im;
  };
  Workspace workspace() const;

  // `power` [N / 2]: |Y[k]|^2 of `signal` [N] for k = 0 to N / 2 - 1.
  void operator()(std::span<const float> signal, Workspace& work, std::span<double> power) const;
  void operator()(std::span<const double> signal, Workspace& work, std::span<double> power) const;

 private:
  template <typename Sample>
  void load(std::span<const Sample> signal, Workspace& work) const;
  // Of what was loaded.
  void transform(Workspace& work, std::span<double> power) const;

  // One step of Stockham's transform: `stride` interleaved transforms of `points` points each.
  struct Stage {
    std::size_t radix, points, stride;
    // For p = 0 to points / radix - 1 the factors w^p, w^2p, w^3p (radix 2: w^p alone), w = exp(-2 pi i /
    // points).
    std::vector<double> re, im;
  };

  std::size_t half_;
  std::vector<Stage> stages_;
  // exp(-2 pi i k / N) for k = 0 to N / 2 - 1.
  std::vector<double> unpack_re_, unpack_im_;
};

}  // namespace stapes::features
