// The contents of a tensor: sections, checked, and what they hold.
//
// Letters: R rows (first axis), C columns (all other axes flattened).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/codecs.h"

namespace stapes::format {

// weight[r, c] = float(levels[r, c]) * scales[r], one float32 product.
struct Integers {
  // [R, C], -127 to 127.
  std::vector<std::int8_t> levels;
  // [R], each 0 or 2^-126 to 2^121.
  std::vector<float> scales;
};

class Tensor {
 public:
  // Checks and takes `sections`, in the order of their names, whose lengths Codec::sections accepts and which
  // outlive the tensor; those that are entropy-coded are decoded into memory of the tensor. Throws Error
  // (kFormat).
  Tensor(std::string name, Shape shape, Codec codec, std::vector<Bytes> sections);
  Tensor(Tensor&&) = default;
  Tensor& operator=(Tensor&&) = default;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  const std::string& name() const { return name_; }
  const Shape& shape() const { return shape_; }
  const Codec& codec() const { return codec_; }

  // The weights in C order.
  std::vector<float> floats() const;
  // Of a codec that holds integers.
  Integers integers() const;
  // Of the codec `unsigned`: the numbers in C order.
  std::vector<std::uint16_t> numbers() const;

 private:
  void check();
  // Of the codec `unsigned`, where they are entropy-coded.
  void decode_numbers();

  std::string name_;
  Shape shape_;
  Codec codec_;
  // Packed, in the order of their names.
  std::vector<Bytes> sections_;
  // What those of `sections_` lie in that were coded.
  std::vector<std::vector<std::uint8_t>> decoded_;
};

}  // namespace stapes::format
