// The sizes of a network (spec/network.md), checked by whoever read them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stapes::network {

struct Settings {
  std::size_t mel_bins = 0;     // M
  std::size_t channels[2] = {}; // C1, C2
  std::size_t hidden = 0;       // H
  std::size_t layers = 0;       // L
  std::size_t embedding = 0;    // E
  std::size_t joint = 0;        // J
  std::size_t vocabulary = 0;   // V
  double ctc_scale = 0.0;       // of the CTC head's scores in a search; 0 where there is no such head
  std::int32_t ctc_frames = 0;  // how long after its emission the head may find a label

  // Width of an encoder frame: J for the joint, then V logits where there is a CTC head.
  std::size_t frame_width() const { return joint + (ctc_scale > 0 ? vocabulary : 0); }
};

}  // namespace stapes::network
