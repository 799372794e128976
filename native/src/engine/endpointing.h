// The end-pointer and the calibration in a packed model, as spec/endpoints.md and spec/network.md describe them, checked
// once.
#pragma once

#include <optional>
#include <vector>

#include "endpoint/endpointer.h"
#include "format/model.h"

namespace stapes::engine {

// The end-pointer of `model`, whose joint is `joint` wide; one that knows pauses alone where it has none. Throws Error
// (kFormat) if its settings or tensors are wrong.
endpoint::Tables read_endpointing(const format::Model& model, std::size_t joint);

// A piecewise linear map from word posteriors to confidences.
class Calibration {
 public:
  // `posteriors` rise from 0 to 1; as many `confidences` never fall.
  Calibration(std::vector<double> posteriors, std::vector<double> confidences)
      : posteriors_(std::move(posteriors)), confidences_(std::move(confidences)) {}

  // For a posterior in [0, 1].
  double operator()(double posterior) const;

 private:
  std::vector<double> posteriors_, confidences_;
};

// The calibration of `model`; nothing where it has none. Throws Error (kFormat) if it is wrong.
std::optional<Calibration> read_calibration(const format::Model& model);

}  // namespace stapes::engine
