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
  for (std::size_t place = 0; place < places; ++place) {
    take_patch(image, place / bands, place % bands, vectors.input(place, kernel.columns()));
  }
  kernel.apply(vectors, places);
  for (std::size_t place = 0; place < places; ++place) {
    const auto sums = vectors.sums(place, kernel.rows());
    std::ranges::transform(sums, result.subspan(place * kernel.rows()).begin(),
                           [](std::int32_t sum) { return static_cast<std::int8_t>(sum); });
  }
}

}  // namespace stapes::network
