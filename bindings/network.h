// The packed network as Python has it.
//
// Letters: F feature frames, M mel bins, T encoder frames, E their width, J joint, N contexts, V vocabulary.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arrays.h"
#include "decode/ngram.h"
#include "decode/vocabulary.h"
#include "format/model.h"
#include "kernels/arena.h"
#include "kernels/table.h"
#include "network/encoder.h"
#include "network/joiner.h"
#include "network/settings.h"

namespace stapes::bindings {

class Network {
 public:
  Network(const std::string& path, const std::string& kernels_name);

  const char* kernels_name() const { return table_->name; }
  const std::vector<std::string>& pieces() const { return pieces_; }
  const decode::Vocabulary& vocabulary() const { return vocabulary_; }
  const std::optional<decode::NGramTables>& language_model() const { return language_model_; }
  const network::Joiner& joiner() const { return joiner_; }
  const network::Settings& settings() const { return settings_; }

  // All weights [1, N] of a tensor, in C order.
  Made<float> tensor(const std::string& name) const;
  network::EncoderState init_state() const { return encoder_.init_state(); }
  nanobind::tuple encode(Rows<float> frames, const network::EncoderState& before) const;
  Made<std::int16_t> predict(Rows<std::int32_t> contexts) const;
  Made<float> logits(Row<std::int16_t> frame, Rows<std::int16_t> predictions) const;

 private:
  Network(format::Model model, const kernels::Table& table);

  void run(std::span<const float> frames, network::EncoderState& state, std::vector<std::int16_t>& encoded) const;
  void check_labels(std::span<const std::int32_t> labels) const;

  format::Model model_;
  network::Settings settings_;
  std::vector<std::string> pieces_;
  decode::Vocabulary vocabulary_;
  std::optional<decode::NGramTables> language_model_;
  const kernels::Table* table_;
  kernels::Arena arena_;
  network::Encoder encoder_;
  network::Joiner joiner_;
};

void bind_network(nanobind::module_& module);

}  // namespace stapes::bindings
