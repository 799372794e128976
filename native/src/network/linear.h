// A packed matrix and what its accumulators become.
//
// Letters: B input vectors, R rows, C columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/arena.h"
#include "kernels/matrix.h"
#include "network/requantiser.h"
#include "network/tensors.h"

namespace stapes::network {

// Input vectors for one matrix, one behind the other, and room for their products.
class Vectors {
 public:
  // For up to `count` products with any of matrices of at most `rows` x `columns`.
  Vectors(std::size_t count, std::size_t rows, std::size_t columns);

  // Input vector `index`, which is padded as kernels ask for.
  std::span<std::int8_t> input(std::size_t index, std::size_t columns) {
    return std::span(inputs_).subspan(index * input_stride_, columns);
  }
  std::span<std::int32_t> sums(std::size_t index, std::size_t rows) {
    return std::span(sums_).subspan(index * sum_stride_, rows);
  }
  kernels::Batch batch(std::size_t first, std::size_t count);
  // Input vectors that there is room for.
  std::size_t count() const { return inputs_.size() / input_stride_; }

 private:
  std::size_t input_stride_;
  std::size_t sum_stride_;
  std::vector<std::int8_t> inputs_;
  std::vector<std::int32_t> sums_;
};

class Linear {
 public:
  // `tensor` has biases.size() rows. Throws Error (kFormat) if its scales are too large or `arena` is full.
  Linear(const IntegerTensor& tensor, std::span<const float> biases, FractionBits bits, Bounds bounds,
         const kernels::Table& table, kernels::Arena& arena);

  std::size_t rows() const { return matrix_.rows; }
  std::size_t columns() const { return matrix_.columns; }
  const Requantiser& requantiser() const { return requantiser_; }

  // The accumulators of the first `count` inputs.
  void multiply(Vectors& vectors, std::size_t count) const;
  // Adds those of `count` inputs from `first` on to what the accumulators hold.
  void add(Vectors& vectors, std::size_t first, std::size_t count) const;
  // `multiply`, requantised in place.
  void apply(Vectors& vectors, std::size_t count) const;

 private:
  const kernels::Table* table_;
  kernels::Matrix matrix_;
  Requantiser requantiser_;
};

// Columns `first` to `first` + `count` of a matrix.
IntegerTensor columns_of(const IntegerTensor& tensor, std::size_t first, std::size_t count);

// `levels` [R, outer, inner] as [R, inner, outer].
std::vector<std::int8_t> axes_swapped(std::span<const std::int8_t> levels, std::size_t outer, std::size_t inner);

}  // namespace stapes::network
