// CPU time of the filter bank for each second of sound: a line of JSON. features_bench SECONDS REPETITIONS
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <span>
#include <vector>

#include "features/fbank.h"

namespace {

constexpr std::size_t kBlockSamples = 640;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::vector<float> noise(std::size_t samples) {
  std::vector<float> sound(samples);
  std::uint32_t state = 1;
  for (float& sample : sound) {
    state = state * 1664525 + 1013904223;
    sample = static_cast<float>(state >> 8) / 16777216.0f - 0.5f;
  }
  return sound;
}

// Fed as a stream in blocks of 40 ms.
double seconds_for(const stapes::features::Fbank& fbank, std::span<const float> sound) {
  std::vector<float> frames;
  stapes::features::FbankState state;
  const double begin = cpu_seconds();
  for (; sound.size() >= kBlockSamples; sound = sound.subspan(kBlockSamples)) {
    frames.clear();
    fbank.step(sound.first(kBlockSamples), state, frames);
  }
  return cpu_seconds() - begin;
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 10;
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 15;
  const stapes::features::Fbank fbank(stapes::features::FbankConfig{});
  const std::vector<float> sound = noise(static_cast<std::size_t>(seconds) * 16000);
  std::vector<double> factors;
  for (int round = 0; round < repetitions; ++round) factors.push_back(seconds_for(fbank, sound) / seconds);
  std::sort(factors.begin(), factors.end());
  std::printf("{\"real_time_factor\": %.3e, \"least\": %.3e, \"most\": %.3e}\n", factors[factors.size() / 2],
              factors.front(), factors.back());
  return 0;
}
