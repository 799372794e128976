#include "decode/predictions.h"

namespace stapes::decode {
namespace {

// No label is as small, so this is nobody's context.
constexpr Context kNobody{.older = -2, .newer = -2};

}  // namespace

Predictions::Predictions(Scorer& scorer)
    : scorer_(scorer), contexts_(kPlaces, kNobody), rows_(kPlaces * scorer.joint()) {}

std::span<const std::int16_t> Predictions::row(const Context& context) {
  const auto number =
      static_cast<std::uint32_t>(context.older + 1) * 31u + static_cast<std::uint32_t>(context.newer);
  const std::size_t place = number * 0x9E3779B1u >> 23;
  const auto row = std::span(rows_).subspan(place * scorer_.joint(), scorer_.joint());
  if (contexts_[place] != context) {
    scorer_.predict(context, row);
    contexts_[place] = context;
  }
  return row;
}

}  // namespace stapes::decode
