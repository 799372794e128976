// JSON as a packed model stores it (spec/format.md, 4.1): bounded, strict, and read in place.
//
// A value is 8 bytes beside the text that it stands in, so a document takes less than four times its text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stapes::format {

class Json;

enum class Kind : std::uint8_t { kNull, kFalse, kTrue, kInteger, kFloat, kString, kList, kObject };

// A value inside a document, which must outlive it.
class Value {
 public:
  Kind kind() const;
  bool is(Kind kind) const { return this->kind() == kind; }
  // The name that Python has for values of this kind, for sentences.
  const char* kind_name() const;

  // Of a kInteger: its value, within ±(2^53 - 1).
  std::int64_t integer() const;
  // Of a kInteger or kFloat: its value, finite.
  double number() const;
  // Of a kString: its text in UTF-8, escapes resolved.
  std::string text() const;

  // Of a kList: its items; of a kObject: its values.
  std::size_t size() const;
  // The first item of a kList, the first key of a kObject; nothing if it is empty.
  std::optional<Value> first() const;
  // The next item or, after a key, the value of that key, or, after that value, the next key.
  std::optional<Value> next() const;
  // The value of `key` in a kObject.
  std::optional<Value> find(std::string_view key) const;

 private:
  friend class Json;
  Value(const Json& document, std::uint32_t place, std::uint32_t end)
      : document_(&document), place_(place), end_(end) {}

  const Json* document_;
  std::uint32_t place_;
  // Where the container ends that holds this value.
  std::uint32_t end_;
};

class Json {
 public:
  // Reads `text`, which must outlive the document and has at most 2^20 bytes. Throws Error (kFormat) if it is
  // not UTF-8 JSON, is beyond a limit, repeats a key, or holds a number that is not finite or an integer
  // beyond ±(2^53 - 1).
  explicit Json(std::string_view text);
  Json(Json&&) = default;
  Json& operator=(Json&&) = default;
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;

  Value root() const;

 private:
  friend class Value;
  void check_keys() const;
  void check_keys_of(std::uint32_t object, std::vector<std::uint32_t>& keys) const;

  std::string_view text_;
  // The values in the order of the text, a key before its value: see json.cpp.
  std::vector<std::uint64_t> tape_;
};

}  // namespace stapes::format
