// Voicing and height of windows of 960 samples, one behind the other: float32 in, two float64 for each window out.
#include <cstdio>
#include <vector>

#include "features/pitch.h"

int main() {
  const stapes::features::PitchFinder finder(stapes::kernels::best());
  auto work = finder.workspace();
  std::vector<float> window(stapes::features::kPitchSamples);
  while (std::fread(window.data(), sizeof(float), window.size(), stdin) == window.size()) {
    const stapes::features::Pitch pitch = finder.find(window, work);
    const double values[] = {pitch.voicing, pitch.octaves};
    std::fwrite(values, sizeof(double), 2, stdout);
  }
  return 0;
}
