// The sizes of a network (spec/network.md), checked by whoever read them.
#pragma once

#include <cstddef>

namespace stapes::network {

struct Settings {
  std::size_t mel_bins = 0;     // M
  std::size_t channels[2] = {}; // C1, C2
  std::size_t hidden = 0;       // H
  std::size_t layers = 0;       // L
  std::size_t embedding = 0;    // E
  std::size_t joint = 0;        // J
  std::size_t vocabulary = 0;   // V
};

}  // namespace stapes::network
