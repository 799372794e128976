// The golden vectors of spec/golden: JSON files with numbers, lists of numbers, and bytes in hexadecimal.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "format/json.h"

namespace golden {

using stapes::format::Kind;
using stapes::format::Value;

// A file of spec/golden, parsed.
class File {
 public:
  explicit File(const std::string& name) : text_(contents(name)), json_(text_) {}
  File(const File&) = delete;

  Value operator[](std::string_view key) const { return *json_.root().find(key); }

 private:
  static std::string contents(const std::string& name) {
    std::ifstream file(std::string(STAPES_GOLDEN) + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string text_;
  stapes::format::Json json_;
};

inline Value member(const Value& object, std::string_view key) { return *object.find(key); }

inline std::vector<Value> items(const Value& list) {
  std::vector<Value> all;
  for (std::optional<Value> item = list.first(); item; item = item->next()) all.push_back(*item);
  return all;
}

// All numbers in lists of lists, in order.
template <typename T>
std::vector<T> numbers(const Value& value) {
  if (value.is(Kind::kInteger) || value.is(Kind::kFloat)) {
    // A decimal that is the shortest of a float32 is read as a double that rounds to it.
    return {static_cast<T>(value.number())};
  }
  std::vector<T> all;
  for (const Value& item : items(value)) {
    const std::vector<T> own = numbers<T>(item);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

template <typename T>
std::vector<T> numbers(const Value& object, std::string_view key) {
  return numbers<T>(member(object, key));
}

// Hexadecimal, in one string or in several, with or without spaces.
inline std::vector<std::uint8_t> bytes(const Value& value) {
  std::string digits;
  if (value.is(Kind::kString)) {
    digits = value.text();
  } else {
    for (const Value& item : items(value)) digits += item.text();
  }
  std::erase(digits, ' ');
  std::vector<std::uint8_t> all;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    all.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(at, 2), nullptr, 16)));
  }
  return all;
}

// The same as numbers of a type of this machine, which is little-endian.
template <typename T>
std::vector<T> bytes_as(const Value& value) {
  const std::vector<std::uint8_t> raw = bytes(value);
  std::vector<T> all(raw.size() / sizeof(T));
  if (!all.empty()) std::memcpy(all.data(), raw.data(), all.size() * sizeof(T));
  return all;
}

}  // namespace golden
