#include "engine/settings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "error.h"
#include "sentence.h"

namespace stapes::engine {
namespace {

using format::Kind;
using format::Value;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

bool is_number(const Value& value) { return value.is(Kind::kInteger) || value.is(Kind::kFloat); }

}  // namespace

Settings::Settings(const Value& table, std::string where) : table_(table), where_(std::move(where)) {
  if (!table.is(Kind::kObject)) {
    refuse(sentence(where_, ": a table is expected, got a value of type ", table.kind_name()));
  }
}

Value Settings::take(std::string_view name) {
  known_.emplace_back(name);
  const std::optional<Value> value = table_.find(name);
  if (!value) refuse(sentence(where_, ": setting '", name, "' is missing"));
  return *value;
}

void Settings::refuse_type(std::string_view name, std::string_view wanted, const Value& given) const {
  refuse(sentence(where_, ": ", name, ": a value of type ", wanted, " is expected, got one of type ",
                  given.kind_name()));
}

std::int64_t Settings::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const Value value = take(name);
  if (!value.is(Kind::kInteger)) refuse_type(name, "int", value);
  const std::int64_t number = value.integer();
  if (number < least || number > most) {
    refuse(sentence(where_, ": ", name, ": ", least, " to ", most, " is expected, got ", number));
  }
  return number;
}

double Settings::number(std::string_view name, double least, double most) {
  const Value value = take(name);
  if (!is_number(value)) refuse_type(name, "float", value);
  const double number = value.number();
  if (number < least || number > most) {
    refuse(sentence(where_, ": ", name, ": ", shown(least), " to ", shown(most), " is expected, got ",
                    shown(number)));
  }
  return number;
}

double Settings::number_or(std::string_view name, double least, double most, double otherwise) {
  return has(name) ? number(name, least, most) : otherwise;
}

std::string Settings::text(std::string_view name) {
  const Value value = take(name);
  if (!value.is(Kind::kString)) refuse_type(name, "str", value);
  return value.text();
}

std::vector<std::string> Settings::texts(std::string_view name) {
  const Value list = take(name);
  if (!list.is(Kind::kList)) refuse_type(name, "list", list);
  std::vector<std::string> texts;
  for (std::optional<Value> item = list.first(); item; item = item->next()) {
    if (!item->is(Kind::kString)) refuse_type(name, "str", *item);
    texts.push_back(item->text());
  }
  return texts;
}

std::vector<double> Settings::numbers(std::string_view name) {
  const Value list = take(name);
  if (!list.is(Kind::kList)) refuse_type(name, "list", list);
  std::vector<double> numbers;
  for (std::optional<Value> item = list.first(); item; item = item->next()) {
    if (!is_number(*item)) refuse_type(name, "float", *item);
    numbers.push_back(item->number());
  }
  return numbers;
}

Settings Settings::table(std::string_view name) { return {take(name), sentence(where_, ": ", name)}; }

void Settings::skip(std::string_view name) { known_.emplace_back(name); }

void Settings::finish() const {
  for (std::optional<Value> key = table_.first(); key; key = key->next()->next()) {
    const std::string name = key->text();
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      refuse(sentence(where_, ": unknown setting ", quoted(name, 40)));
    }
  }
}

}  // namespace stapes::engine
