// The frames of a stream of samples: fbank_tool CHUNK [RATE_HZ WINDOW_MS SHIFT_MS MEL_BINS LOW_HZ HIGH_HZ
// PREEMPHASIS]
//
// Samples come in as float32 and frames go out as float32, both as the machine has them; the stream is fed in
// chunks of CHUNK samples, at CHUNK = 0 in chunks of 1, 2, 3, … samples.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "error.h"
#include "features/fbank.h"

namespace {

std::vector<float> read_samples() {
  std::vector<float> samples;
  std::vector<float> block(4096);
  for (std::size_t count = 1; count > 0;) {
    count = std::fread(block.data(), sizeof(float), block.size(), stdin);
    samples.insert(samples.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return samples;
}

stapes::features::FbankConfig read_config(std::span<char*> texts) {
  if (texts.empty()) return {};
  return {.sample_rate_hz = std::atoi(texts[0]),
          .window_ms = std::atof(texts[1]),
          .shift_ms = std::atof(texts[2]),
          .mel_bins = std::atoi(texts[3]),
          .low_hz = std::atof(texts[4]),
          .high_hz = std::atof(texts[5]),
          .preemphasis = std::atof(texts[6])};
}

std::vector<float> frames_of(const stapes::features::Fbank& fbank, std::span<const float> samples,
                             std::size_t chunk) {
  std::vector<float> frames;
  stapes::features::FbankState state;
  auto work = fbank.make_workspace();
  for (std::size_t count = 1; !samples.empty(); ++count) {
    const std::size_t size = std::min(chunk == 0 ? count : chunk, samples.size());
    fbank.step(samples.first(size), state, work, frames);
    samples = samples.subspan(size);
  }
  fbank.flush(state, work, frames);
  return frames;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  try {
    const stapes::features::Fbank fbank(read_config(arguments.subspan(2)), stapes::kernels::best());
    const auto frames = frames_of(fbank, read_samples(), static_cast<std::size_t>(std::atoll(arguments[1])));
    if (!frames.empty()) std::fwrite(frames.data(), sizeof(float), frames.size(), stdout);
  } catch (const stapes::Error& error) {
    std::fprintf(stderr, "%s", error.what());
    return 1;
  }
  return 0;
}
