// What a network is built from; the reader of packed models implements it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace stapes::network {

using TensorShape = std::vector<std::size_t>;

// Levels times the scale of their row (spec/codecs.md, section 2).
struct IntegerTensor {
  std::vector<std::int8_t> levels;    // in C order, -127 to 127
  std::vector<float> scales;          // one for each row
  std::vector<std::int8_t> alphabet;  // all levels that may occur, in any order
  bool masked = false;                // stored as masks and values
};

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  // Both throw Error (kFormat) if the tensor is missing or has another shape; `integers` also if its codec has no levels.
  virtual std::vector<float> floats(const std::string& name, const TensorShape& shape) const = 0;
  virtual IntegerTensor integers(const std::string& name, const TensorShape& shape) const = 0;
};

}  // namespace stapes::network
