// Packed matrices and what their accumulators become.
//
// Letters: B input vectors, R rows, C columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned.h"
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
  kernels::Aligned<std::int8_t> inputs_;
  kernels::Aligned<std::int32_t> sums_;
};

// A matrix alone.
class Product {
 public:
  // Throws Error (kFormat) if `arena` is full.
  Product(const IntegerTensor& tensor, const kernels::Table& table, kernels::Arena& arena);
  // Of the `count` columns from `first` on.
  Product(const IntegerTensor& tensor, std::size_t first, std::size_t count, const kernels::Table& table,
          kernels::Arena& arena);

  std::size_t rows() const { return matrix_.rows; }
  std::size_t columns() const { return matrix_.columns; }
  const kernels::Table& table() const { return *table_; }

  // The accumulators of the first `count` inputs.
  void multiply(Vectors& vectors, std::size_t count) const;
  // Adds those of `count` inputs from `first` on to what the accumulators hold.
  void add(Vectors& vectors, std::size_t first, std::size_t count) const;

 private:
  const kernels::Table* table_;
  kernels::Matrix matrix_;
};

class Linear {
 public:
  // `tensor` has biases.size() rows. Throws Error (kFormat) if its scales are too large or `arena` is full.
  Linear(const IntegerTensor& tensor, std::span<const float> biases, FractionBits bits, Bounds bounds,
         const kernels::Table& table, kernels::Arena& arena);

  std::size_t rows() const { return product_.rows(); }
  std::size_t columns() const { return product_.columns(); }

  // The accumulators of the first `count` inputs.
  void multiply(Vectors& vectors, std::size_t count) const { product_.multiply(vectors, count); }
  // `values` [count, R] of the accumulators from `first` on, which `values` may be if there is one vector.
  template <typename Value>
  void requantise(Vectors& vectors, std::size_t first, std::size_t count, std::span<Value> values) const {
    const kernels::Batch batch = vectors.batch(first, count);
    product_.table().requantise_to<Value>()({.to = requantiser_.view(),
                                             .rows = rows(),
                                             .count = count,
                                             .sums = batch.sums,
                                             .sum_stride = batch.sum_stride,
                                             .values = values.data(),
                                             .value_stride = rows()});
  }
  // `values` [count, R] of the first `count` inputs.
  template <typename Value>
  void apply(Vectors& vectors, std::size_t count, std::span<Value> values) const {
    multiply(vectors, count);
    requantise(vectors, 0, count, values);
  }

 private:
  Product product_;
  Requantiser requantiser_;
};

// The largest magnitude of an accumulator that a product with int8 can have.
std::int64_t largest_sum(const IntegerTensor& tensor);

// `levels` [R, outer, inner] as [R, inner, outer].
std::vector<std::int8_t> axes_swapped(std::span<const std::int8_t> levels, std::size_t outer, std::size_t inner);

}  // namespace stapes::network
