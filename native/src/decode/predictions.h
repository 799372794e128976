// Predictor rows by context: a bounded cache.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decode/scorer.h"

namespace stapes::decode {

class Predictions {
 public:
  explicit Predictions(Scorer& scorer);

  // Predictor output [J] after `context`; it stands until another one is asked for.
  std::span<const std::int16_t> row(const Context& context);

 private:
  // Places in the cache: 0.3 MB at J = 320.
  static constexpr std::size_t kPlaces = 512;

  Scorer& scorer_;
  std::vector<Context> contexts_;
  std::vector<std::int16_t> rows_;
};

}  // namespace stapes::decode
