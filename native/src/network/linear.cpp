#include "network/linear.h"

#include <algorithm>
#include <cstdlib>

#include "error.h"
#include "kernels/pack.h"

namespace stapes::network {
namespace {

std::size_t width(const IntegerTensor& tensor) { return tensor.levels.size() / tensor.scales.size(); }

kernels::Matrix packed(const IntegerTensor& tensor, std::size_t first, std::size_t count, const kernels::Table& table,
                       kernels::Arena& arena) {
  const kernels::Layout layout = kernels::choose_layout(tensor.alphabet, tensor.masked, table);
  const auto matrix = kernels::pack(std::span(tensor.levels).subspan(first), tensor.scales.size(), count, tensor.alphabet,
                                    layout, arena, width(tensor), &table);
  if (!matrix) throw Error(Fault::kFormat, "integer arithmetic: there is no memory for the weights");
  return *matrix;
}

}  // namespace

Vectors::Vectors(std::size_t count, std::size_t rows, std::size_t columns)
    : input_stride_(kernels::padded_columns(columns)),
      sum_stride_(kernels::padded_rows(rows)),
      inputs_(count * input_stride_),
      sums_(count * sum_stride_) {}

kernels::Batch Vectors::batch(std::size_t first, std::size_t count) {
  return {count, inputs_.data() + first * input_stride_, input_stride_, sums_.data() + first * sum_stride_, sum_stride_};
}

Product::Product(const IntegerTensor& tensor, const kernels::Table& table, kernels::Arena& arena)
    : Product(tensor, 0, width(tensor), table, arena) {}

Product::Product(const IntegerTensor& tensor, std::size_t first, std::size_t count, const kernels::Table& table,
                 kernels::Arena& arena)
    : table_(&table), matrix_(packed(tensor, first, count, table, arena)) {}

void Product::multiply(Vectors& vectors, std::size_t count) const {
  table_->multiply_for(matrix_.layout)(matrix_, vectors.batch(0, count));
}

void Product::add(Vectors& vectors, std::size_t first, std::size_t count) const {
  kernels::Batch batch = vectors.batch(first, count);
  batch.onto = true;
  table_->multiply_for(matrix_.layout)(matrix_, batch);
}

Linear::Linear(const IntegerTensor& tensor, std::span<const float> biases, FractionBits bits, Bounds bounds,
               const kernels::Table& table, kernels::Arena& arena)
    : product_(tensor, table, arena), requantiser_(tensor.scales, biases, bits, bounds, largest_sum(tensor)) {}

std::int64_t largest_sum(const IntegerTensor& tensor) {
  std::int32_t most = 0;
  for (std::span<const std::int8_t> rest(tensor.levels); !rest.empty(); rest = rest.subspan(width(tensor))) {
    std::int32_t sum = 0;
    for (const std::int8_t level : rest.first(width(tensor))) sum += std::abs(level);
    most = std::max(most, sum);
  }
  return std::int64_t{128} * most;
}

std::vector<std::int8_t> axes_swapped(std::span<const std::int8_t> levels, std::size_t outer, std::size_t inner) {
  std::vector<std::int8_t> swapped(levels.size());
  for (std::size_t row = 0; row < levels.size(); row += outer * inner) {
    for (std::size_t slow = 0; slow < outer; ++slow) {
      for (std::size_t fast = 0; fast < inner; ++fast) {
        swapped[row + fast * outer + slow] = levels[row + slow * inner + fast];
      }
    }
  }
  return swapped;
}

}  // namespace stapes::network
