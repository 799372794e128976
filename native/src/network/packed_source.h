// A network out of a packed model: its sizes and its tensors.
#pragma once

#include <string>

#include "format/model.h"
#include "network/settings.h"
#include "network/tensors.h"

namespace stapes::network {

// The sizes in the metadata of `model`; throws Error (kFormat) if they are missing, out of range or not those of its layers,
// or if the model is not made for integer arithmetic.
Settings read_settings(const format::Model& model);

// The tensors of `model`, which outlives it.
class PackedSource final : public TensorSource {
 public:
  explicit PackedSource(const format::Model& model) : model_(model) {}

  std::vector<float> floats(const std::string& name, const TensorShape& shape) const override;
  IntegerTensor integers(const std::string& name, const TensorShape& shape) const override;

 private:
  const format::Model& model_;
};

}  // namespace stapes::network
