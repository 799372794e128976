// What the metadata of a packed model says about sound and vocabulary, checked once.
#pragma once

#include <string>
#include <vector>

#include "features/fbank.h"
#include "format/model.h"

namespace stapes::engine {

struct HearingSettings {
  features::FbankConfig features;
  // The V pieces by label.
  std::vector<std::string> vocabulary;
  // Silence that is heard after the last sample of a stream.
  int tail_ms;
};

// Throws Error (kFormat) if they are missing or wrong.
HearingSettings read_hearing(const format::Model& model);

}  // namespace stapes::engine
