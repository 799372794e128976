#include "engine/language_model.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "engine/settings.h"
#include "error.h"
#include "sentence.h"

namespace stapes::engine {
namespace {

constexpr std::string_view kWhere = "packed model: language model";
constexpr std::int64_t kMaxOrder = 6;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

std::string tensor_name(std::size_t order, std::string_view part) {
  return sentence("ngram.", order, ".", part);
}

const format::Tensor& row(const format::Model& model, const std::string& name) {
  const format::Tensor* const tensor = model.find(name);
  if (tensor == nullptr || tensor->shape().size() != 2 || tensor->shape()[0] != 1) {
    const std::string given = tensor == nullptr ? "none" : sentence("shape ", listed(tensor->shape()));
    refuse(sentence(kWhere, ": tensor '", name, "': one row of numbers is expected, got ", given));
  }
  return *tensor;
}

// Whole numbers from 0 up that a table of 2^32 places can hold.
std::vector<std::uint32_t> whole(const format::Model& model, const std::string& name) {
  const format::Tensor& tensor = row(model, name);
  if (tensor.codec().kind == format::CodecKind::kUnsigned) {
    const std::vector<std::uint16_t> narrow = tensor.numbers();
    return {narrow.begin(), narrow.end()};
  }
  std::vector<std::uint32_t> numbers;
  for (const float number : tensor.floats()) {
    if (!(number >= 0) || number != std::rint(number) || number > 0x1p28f) {
      refuse(sentence(kWhere, ": tensor '", name, "': whole numbers from 0 up are expected"));
    }
    numbers.push_back(static_cast<std::uint32_t>(number));
  }
  return numbers;
}

decode::Scores scores(const format::Model& model, const std::string& name, std::size_t count) {
  const format::Tensor& tensor = row(model, name);
  if (static_cast<std::size_t>(tensor.shape()[1]) != count) {
    refuse(
        sentence(kWhere, ": tensor '", name, "': ", count, " scores are expected, got ", tensor.shape()[1]));
  }
  if (!tensor.codec().holds_integers()) return decode::Scores(tensor.floats());
  format::Integers integers = tensor.integers();
  return {std::move(integers.levels), integers.scales[0]};
}

std::vector<std::uint16_t> labels(const format::Model& model, std::size_t order, std::size_t vocabulary) {
  std::vector<std::uint16_t> narrow;
  for (const std::uint32_t label : whole(model, tensor_name(order, "labels"))) {
    if (label >= vocabulary)
      refuse(sentence(kWhere, ": order ", order, ": labels up to ", vocabulary - 1, " are expected"));
    narrow.push_back(static_cast<std::uint16_t>(label));
  }
  return narrow;
}

void check_first(const std::vector<std::uint16_t>& labels, std::size_t vocabulary) {
  bool in_turn = labels.size() == vocabulary;
  for (std::size_t label = 0; in_turn && label < vocabulary; ++label) in_turn = labels[label] == label;
  if (!in_turn)
    refuse(sentence(kWhere, ": order 1: the labels 0 to ", vocabulary - 1, " in turn are expected"));
}

// [K + 1] where the n-grams of the next order begin, of which there are `longer`.
std::vector<std::uint32_t> starts(const format::Model& model, std::size_t order, std::size_t count,
                                  std::size_t longer) {
  const std::vector<std::uint32_t> children = whole(model, tensor_name(order, "children"));
  std::vector<std::uint32_t> starts{0};
  std::uint64_t sum = 0;
  for (const std::uint32_t own : children) {
    sum += own;
    starts.push_back(static_cast<std::uint32_t>(sum));
  }
  if (children.size() != count || sum != longer) {
    refuse(sentence(kWhere, ": order ", order + 1, ": ", sum, " n-grams are announced, got ", longer));
  }
  return starts;
}

void check_rising(const decode::NGramOrder& shorter, const std::vector<std::uint16_t>& labels,
                  std::size_t order) {
  for (std::size_t parent = 0; parent + 1 < shorter.starts.size(); ++parent) {
    for (std::size_t at = shorter.starts[parent] + 1; at < shorter.starts[parent + 1]; ++at) {
      if (labels[at] <= labels[at - 1]) {
        refuse(sentence(kWhere, ": order ", order, ": labels that rise below one n-gram are expected"));
      }
    }
  }
}

}  // namespace

std::optional<decode::NGramTables> read_language_model(const format::Model& model, std::size_t vocabulary) {
  const auto table = model.metadata().find("language_model");
  if (!table || table->is(format::Kind::kNull)) return std::nullopt;
  Settings settings(*table, "packed model: metadata: language_model");
  if (const std::string kind = settings.text("kind"); kind != "ngram") {
    refuse(sentence("packed model: metadata: language_model: kind: 'ngram' is expected, got '", kind, "'"));
  }
  const auto orders = static_cast<std::size_t>(settings.integer("order", 2, kMaxOrder));
  decode::NGramTables tables;
  tables.scale = static_cast<float>(settings.number("scale", 0, 10));
  tables.reward = static_cast<float>(settings.number("reward", -10, 10));
  tables.internal_scale = settings.number_or("internal_scale", 0, 10, 0);
  settings.finish();
  for (std::size_t order = 1; order <= orders; ++order) {
    decode::NGramOrder& own = tables.orders.emplace_back();
    own.labels = labels(model, order, vocabulary);
  }
  check_first(tables.orders[0].labels, vocabulary);
  for (std::size_t order = 1; order <= orders; ++order) {
    decode::NGramOrder& own = tables.orders[order - 1];
    own.log_probs = scores(model, tensor_name(order, "log_probs"), own.labels.size());
    if (order == orders) break;
    const std::vector<std::uint16_t>& longer = tables.orders[order].labels;
    own.backoffs = scores(model, tensor_name(order, "backoffs"), own.labels.size());
    own.starts = starts(model, order, own.labels.size(), longer.size());
    check_rising(own, longer, order + 1);
  }
  return tables;
}

}  // namespace stapes::engine
