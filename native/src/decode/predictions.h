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
  static constexpr std::size_t kPlaces = 512;
  struct Place {
    Context context;
    // Of the rows; kNoRow until there is one.
    std::uint32_t row;
  };
  static constexpr std::uint32_t kNoRow = 0xFFFFFFFF;

  Scorer& scorer_;
  std::vector<Place> places_;
  // One for each place that was asked for: up to 0.3 MB at J = 320.
  std::vector<std::int16_t> rows_;
};

}  // namespace stapes::decode
