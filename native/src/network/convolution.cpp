#include "network/convolution.h"

#include <algorithm>

namespace stapes::network {
namespace {

void take_patch(const Image& image, std::size_t time, std::size_t band, std::span<std::int8_t> patch) {
  for (std::size_t row = 0; row < kPatch; ++row) {
    const auto run = image.run(2 * time + row, 2 * band);
    std::copy(run.begin(), run.end(), patch.subspan(row * run.size()).begin());
  }
}

}  // namespace

void convolve(const Linear& kernel, const Image& image, std::size_t times, Vectors& vectors,
              std::span<std::int8_t> result) {
  const std::size_t bands = halved(image.bands), places = times * bands;
  for (std::size_t done = 0; done < places; done += vectors.count()) {
    const std::size_t now = std::min(vectors.count(), places - done);
    for (std::size_t at = 0; at < now; ++at) {
      take_patch(image, (done + at) / bands, (done + at) % bands, vectors.input(at, kernel.columns()));
    }
    kernel.apply(vectors, now, result.subspan(done * kernel.rows()));
  }
}

}  // namespace stapes::network
