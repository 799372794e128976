// The power spectrum of real signals whose length is a power of two.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/table.h"

namespace stapes::features {

// N points, N a power of two from 8 up. Computed as a complex transform of N / 2 points in Stockham's order,
// which needs no bit reversal, by radix 4 (and 2 at the end if need be), real and imaginary parts apart so
// that loops vectorise; in 64-bit floats as the reference does, since quiet bands would drown in the rounding
// of loud ones. S signals lie side by side.
class PowerSpectrum {
 public:
  // `lanes` is S: 1 or that of `table`.
  PowerSpectrum(std::size_t points, std::size_t lanes, const kernels::Table& table);

  // Values that a transform works with; one for each thread.
  struct Workspace {
    // [N / 2, S] of which `re` takes the even samples of the signals, `im` the odd ones.
    kernels::Aligned<double> re, im;
    kernels::Aligned<double> other_re, other_im;
  };
  Workspace workspace() const;

  // `power` [N / 2, S]: |Y[k]|^2 of the signals in `work` for k = 0 to N / 2 - 1. What is in `work` is used up.
  void operator()(Workspace& work, std::span<double> power) const;

 private:
  // One step of Stockham's transform: `stride` interleaved transforms of `points` points each.
  struct Stage {
    std::size_t radix, points, stride;
    // Factors as kernels::TransformStep asks for them.
    std::vector<double> re, im;
  };

  std::size_t half_;
  std::size_t lanes_;
  const kernels::Table* table_;
  std::vector<Stage> stages_;
  // exp(-2 pi i k / N) for k = 0 to N / 2 - 1.
  std::vector<double> unpack_re_, unpack_im_;
};

}  // namespace stapes::features
