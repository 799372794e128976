// The contents of a tensor: sections, checked, and what they hold.
//
// Letters: R rows (first axis), C columns (all other axes flattened).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "format/codecs.h"

namespace stapes::format {

// weight[r, c] = float(levels[r, c]) * scales[r], one float32 product.
struct Integers {
  // [R, C], -127 to 127.
  std::vector<std::int8_t> levels;
  // [R], each 0 or 2^-126 to 2^121.
  std::vector<float> scales;
  // The levels of all codes, in any order; of the codec with 8 bits all that are accepted.
  std::vector<std::int8_t> alphabet;
};

// What is in a tensor is decoded and checked whenever it is asked for, and not kept.
class Tensor {
 public:
  // `sections`, in the order of their names, outlive the tensor and have lengths that Codec::sections accepts.
  Tensor(std::string name, Shape shape, Codec codec, std::vector<Bytes> sections)
      : name_(std::move(name)), shape_(std::move(shape)), codec_(codec), sections_(std::move(sections)) {}

  const std::string& name() const { return name_; }
  const Shape& shape() const { return shape_; }
  const Codec& codec() const { return codec_; }

  // These throw Error (kFormat) with a sentence that begins with the name of the tensor if it holds what no
  // writer writes.
  void check() const;
  // The weights in C order.
  std::vector<float> floats() const;
  // Of a codec that holds integers.
  Integers integers() const;
  // Of the codec `unsigned`: the numbers in C order.
  std::vector<std::uint16_t> numbers() const;

 private:
  std::size_t weights() const { return static_cast<std::size_t>(weights_of(shape_)); }
  // `work` with the name of the tensor before what it throws.
  template <typename Work>
  auto named(Work work) const;
  // Checks the tensor if its codec holds integers; gives its levels [R, C] if `levels` is not empty.
  void read_levels(std::span<std::int8_t> levels) const;
  Bytes scales() const;
  std::vector<std::int8_t> alphabet() const;
  // Calls `take` with the bytes of the codec `unsigned`, some at a time.
  template <typename Take>
  void for_numbers(Take take) const;

  std::string name_;
  Shape shape_;
  Codec codec_;
  // In the order of their names.
  std::vector<Bytes> sections_;
};

}  // namespace stapes::format
