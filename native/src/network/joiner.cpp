#include "network/joiner.h"

#include <algorithm>

#include "kernels/pack.h"
#include "network/lines.h"

namespace stapes::network {
namespace {

std::vector<std::int8_t> make_embedding(const IntegerTensor& tensor, std::size_t width, const kernels::Table& table) {
  const Requantiser requantiser(tensor.scales, {}, {0, kActivationBits}, kInt8);
  const std::size_t labels = tensor.scales.size();
  std::vector<std::int8_t> rows((labels + 1) * width);
  std::vector<std::int32_t> column(labels);
  for (std::size_t at = 0; at < width; ++at) {
    for (std::size_t label = 0; label < labels; ++label) column[label] = tensor.levels[label * width + at];
    table.requantise({.to = requantiser.view(), .rows = labels, .sums = column.data(), .values = column.data()});
    for (std::size_t label = 0; label < labels; ++label) {
      rows[(label + 1) * width + at] = static_cast<std::int8_t>(column[label]);
    }
  }
  return rows;
}

Linear linear(const TensorSource& source, const std::string& name, std::size_t rows, std::size_t columns, int bits_out,
              Bounds bounds, const kernels::Table& table, kernels::Arena& arena) {
  return {source.integers(name + ".weight", {rows, columns}),
          source.floats(name + ".bias", {rows}),
          {kActivationBits, bits_out},
          bounds,
          table,
          arena};
}

}  // namespace

std::size_t joiner_bytes_bound(const Settings& settings) {
  return kernels::packed_bytes_bound(settings.embedding, 2 * settings.embedding) +
         kernels::packed_bytes_bound(settings.joint, settings.embedding) +
         kernels::packed_bytes_bound(settings.vocabulary, settings.joint);
}

Joiner::Joiner(const Settings& settings, const TensorSource& source, const kernels::Table& table,
               kernels::Arena& arena)
    : table_(&table),
      width_(settings.embedding),
      embedding_(make_embedding(source.integers("embedding.weight", {settings.vocabulary, settings.embedding}),
                                settings.embedding, table)),
      context_(linear(source, "context", width_, 2 * width_, kActivationBits, kRelu8, table, arena)),
      projection_(linear(source, "predictor_projection", settings.joint, width_, kStreamBits, kInt16, table, arena)),
      output_(linear(source, "output", settings.vocabulary, settings.joint, kGateBits, kLogit, table, arena)) {}

Joiner::Workspace Joiner::make_workspace() const {
  const std::size_t rows = std::max({width_, projection_.rows(), output_.rows()});
  return {kMostTogether, rows, std::max(2 * width_, output_.columns())};
}

void Joiner::predict(int older, int newer, std::span<std::int16_t> prediction, Workspace& work) const {
  const auto input = work.input(0, 2 * width_);
  const auto row = [&](int label) { return std::span(embedding_).subspan(static_cast<std::size_t>(label + 1) * width_, width_); };
  std::ranges::copy(row(older), input.begin());
  std::ranges::copy(row(newer), input.subspan(width_).begin());
  context_.apply(work, 1, input);
  projection_.apply(work, 1, prediction);
}

void Joiner::join(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions,
                  std::span<float> logits, Workspace& work) const {
  const std::size_t count = predictions.size() / joint();
  for (std::size_t done = 0; done < count; done += kMostTogether) {
    const std::size_t now = std::min(kMostTogether, count - done);
    join_some(frame, predictions.subspan(done * joint(), now * joint()),
              logits.subspan(done * vocabulary(), now * vocabulary()), work);
  }
}

void Joiner::join_some(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions,
                       std::span<float> logits, Workspace& work) const {
  const std::size_t count = predictions.size() / joint();
  for (std::size_t index = 0; index < count; ++index) {
    table_->join({.frame = frame.data(),
                  .prediction = predictions.subspan(index * joint()).data(),
                  .count = joint(),
                  .tanh = &tanh_lines(),
                  .activations = work.input(index, joint()).data()});
  }
  output_.multiply(work, count);
  for (std::size_t index = 0; index < count; ++index) {
    output_.requantise(work, index, 1, work.sums(index, vocabulary()));
    std::ranges::transform(work.sums(index, vocabulary()), logits.subspan(index * vocabulary()).begin(),
                           [](std::int32_t logit) { return static_cast<float>(logit) * 0x1p-12F; });
  }
}

}  // namespace stapes::network
