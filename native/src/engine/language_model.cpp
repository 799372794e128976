#include "engine/language_model.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
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

// Labels, or how many n-grams begin with one: neither is more than the labels there can be.
decode::Numbers whole(const format::Model& model, const std::string& name) {
  const format::Tensor& tensor = row(model, name);
  if (tensor.codec().kind == format::CodecKind::kUnsigned) return decode::Numbers(tensor.numbers());
  std::vector<std::uint16_t> numbers;
  numbers.reserve(static_cast<std::size_t>(tensor.shape()[1]));
  for (const float number : tensor.floats()) {
    if (!(number >= 0) || number != std::rint(number) || number > 0xffff) {
      refuse(sentence(kWhere, ": tensor '", name, "': whole numbers from 0 up are expected"));
    }
    numbers.push_back(static_cast<std::uint16_t>(number));
  }
  return decode::Numbers(std::move(numbers));
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

decode::Numbers labels(const format::Model& model, std::size_t order, std::size_t vocabulary) {
  decode::Numbers labels = whole(model, tensor_name(order, "labels"));
  const std::size_t largest = labels.visit([](const auto& numbers) -> std::size_t {
    return numbers.empty() ? 0 : *std::ranges::max_element(numbers);
  });
  if (largest >= vocabulary)
    refuse(sentence(kWhere, ": order ", order, ": labels up to ", vocabulary - 1, " are expected"));
  return labels;
}

void check_first(const decode::Numbers& labels, std::size_t vocabulary) {
  bool in_turn = labels.size() == vocabulary;
  for (std::size_t label = 0; in_turn && label < vocabulary; ++label) in_turn = labels[label] == label;
  if (!in_turn)
    refuse(sentence(kWhere, ": order 1: the labels 0 to ", vocabulary - 1, " in turn are expected"));
}

// Of `count` n-grams; of the next order there are `longer`.
decode::Children children(const format::Model& model, std::size_t order, std::size_t count,
                          const decode::Numbers& longer) {
  decode::Numbers counts = whole(model, tensor_name(order, "children"));
  const std::uint64_t sum = counts.visit(
      [](const auto& numbers) { return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0}); });
  if (counts.size() != count || sum != longer.size()) {
    refuse(sentence(kWhere, ": order ", order + 1, ": ", sum, " n-grams are announced, got ", longer.size()));
  }
  // Labels may fall only where the first of another n-gram stands.
  const bool rising = longer.visit([&](const auto& labels) {
    std::size_t falls = 0, at = 0;
    for (std::size_t next = 1; next < labels.size(); ++next) falls += labels[next - 1] >= labels[next];
    for (std::size_t index = 0; index < count; at += counts[index++]) {
      if (at > 0 && counts[index] > 0) falls -= labels[at - 1] >= labels[at];
    }
    return falls == 0;
  });
  if (!rising) refuse(sentence(kWhere, ": order ", order + 1, ": labels that rise below one n-gram are expected"));
  return decode::Children(std::move(counts));
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
    const decode::Numbers& longer = tables.orders[order].labels;
    own.backoffs = scores(model, tensor_name(order, "backoffs"), own.labels.size());
    own.children = children(model, order, own.labels.size(), longer);
  }
  return tables;
}

}  // namespace stapes::engine
