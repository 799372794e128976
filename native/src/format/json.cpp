#include "format/json.h"

#include <algorithm>
#include <charconv>

#include "error.h"
#include "format/json_scanner.h"
#include "sentence.h"

namespace stapes::format {
namespace {

// A token: kind in 4 bits; then 30 bits each: of a scalar where its text begins and ends, of a list or object
// where it begins and the place on the tape behind it.
constexpr int kFirstShift = 4;
constexpr int kSecondShift = 34;
constexpr std::uint64_t kField = (std::uint64_t{1} << 30) - 1;

constexpr std::uint64_t token(Kind kind, std::uint64_t first, std::uint64_t second) {
  return static_cast<std::uint64_t>(kind) | first << kFirstShift | second << kSecondShift;
}
constexpr Kind kind_of(std::uint64_t token) { return static_cast<Kind>(token & 15); }
constexpr std::uint32_t first_of(std::uint64_t token) {
  return static_cast<std::uint32_t>(token >> kFirstShift & kField);
}
constexpr std::uint32_t second_of(std::uint64_t token) {
  return static_cast<std::uint32_t>(token >> kSecondShift & kField);
}
constexpr bool is_container(Kind kind) { return kind == Kind::kList || kind == Kind::kObject; }

// Counts, so that the tape is allocated once and in its size.
class Counter final : public JsonSink {
 public:
  void scalar(Kind, std::uint32_t, std::uint32_t) override { ++values; }
  void open(Kind, std::uint32_t) override { ++values; }
  void close() override {}

  std::size_t values = 0;
};

class Recorder final : public JsonSink {
 public:
  explicit Recorder(std::vector<std::uint64_t>& tape) : tape_(tape) {}

  void scalar(Kind kind, std::uint32_t begin, std::uint32_t end) override {
    tape_.push_back(token(kind, begin, end));
  }
  void open(Kind kind, std::uint32_t begin) override {
    // Until it is closed, a container keeps where the one around it is.
    tape_.push_back(token(kind, begin, opened_));
    opened_ = static_cast<std::uint32_t>(tape_.size() - 1);
  }
  void close() override {
    std::uint64_t& closed = tape_[opened_];
    opened_ = second_of(closed);
    closed = token(kind_of(closed), first_of(closed), tape_.size());
  }

 private:
  std::vector<std::uint64_t>& tape_;
  std::uint32_t opened_ = 0;
};

void append_utf8(std::string& out, char32_t c) {
  const auto add = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return add(c);
  if (c < 0x800) {
    add(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    add(0xe0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3f));
  } else {
    add(0xf0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3f));
    add(0x80 | (c >> 6 & 0x3f));
  }
  add(0x80 | (c & 0x3f));
}

std::string unescaped(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  while (!raw.empty()) append_utf8(text, next_character(raw));
  return text;
}

// Order of two strings as they stand in the text, by their characters.
int compare(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const char32_t ours = next_character(a);
    const char32_t theirs = next_character(b);
    if (ours != theirs) return ours < theirs ? -1 : 1;
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

}  // namespace

Json::Json(std::string_view text) : text_(text) {
  Counter counter;
  scan_json(text, counter);
  tape_.reserve(counter.values);
  Recorder recorder(tape_);
  scan_json(text, recorder);
  check_keys();
}

Value Json::root() const { return {*this, 0, static_cast<std::uint32_t>(tape_.size())}; }

void Json::check_keys() const {
  std::vector<std::uint32_t> keys;
  for (std::uint32_t place = 0; place < tape_.size(); ++place) {
    if (kind_of(tape_[place]) == Kind::kObject) check_keys_of(place, keys);
  }
}

void Json::check_keys_of(std::uint32_t object, std::vector<std::uint32_t>& keys) const {
  const auto raw = [this](std::uint32_t place) {
    return text_.substr(first_of(tape_[place]), second_of(tape_[place]) - first_of(tape_[place]));
  };
  const auto behind = [this](std::uint32_t place) {
    return is_container(kind_of(tape_[place])) ? second_of(tape_[place]) : place + 1;
  };
  const std::uint32_t end = second_of(tape_[object]);
  std::size_t count = 0;
  for (std::uint32_t place = object + 1; place < end; place = behind(place + 1)) ++count;
  keys.clear();
  keys.reserve(count);
  for (std::uint32_t place = object + 1; place < end; place = behind(place + 1)) keys.push_back(place);
  std::sort(keys.begin(), keys.end(),
            [&raw](std::uint32_t a, std::uint32_t b) { return compare(raw(a), raw(b)) < 0; });
  const auto twice = std::adjacent_find(keys.begin(), keys.end(), [&raw](std::uint32_t a, std::uint32_t b) {
    return compare(raw(a), raw(b)) == 0;
  });
  if (twice != keys.end()) {
    const std::string key = shortened(unescaped(raw(*twice)));
    throw Error(Fault::kFormat, sentence("the key ", key, " appears twice in one JSON object"));
  }
}

Kind Value::kind() const { return kind_of(document_->tape_[place_]); }

const char* Value::kind_name() const {
  switch (kind()) {
    case Kind::kNull:
      return "NoneType";
    case Kind::kFalse:
    case Kind::kTrue:
      return "bool";
    case Kind::kInteger:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return "str";
    case Kind::kList:
      return "list";
    case Kind::kObject:
      break;
  }
  return "dict";
}

std::int64_t Value::integer() const {
  const std::uint64_t own = document_->tape_[place_];
  const char* const text = document_->text_.data();
  std::int64_t number = 0;
  std::from_chars(text + first_of(own), text + second_of(own), number);
  return number;
}

double Value::number() const {
  const std::uint64_t own = document_->tape_[place_];
  const char* const text = document_->text_.data();
  double number = 0;
  // What is too small for a 64-bit float leaves 0 here.
  std::from_chars(text + first_of(own), text + second_of(own), number);
  return number;
}

std::string Value::text() const {
  const std::uint64_t own = document_->tape_[place_];
  return unescaped(document_->text_.substr(first_of(own), second_of(own) - first_of(own)));
}

std::size_t Value::size() const {
  std::size_t count = 0;
  for (std::optional<Value> item = first(); item; item = item->next()) ++count;
  return is(Kind::kObject) ? count / 2 : count;
}

std::optional<Value> Value::first() const {
  const std::uint32_t end = second_of(document_->tape_[place_]);
  if (place_ + 1 == end) return std::nullopt;
  return Value(*document_, place_ + 1, end);
}

std::optional<Value> Value::next() const {
  const std::uint64_t own = document_->tape_[place_];
  const std::uint32_t behind = is_container(kind_of(own)) ? second_of(own) : place_ + 1;
  if (behind == end_) return std::nullopt;
  return Value(*document_, behind, end_);
}

std::optional<Value> Value::find(std::string_view key) const {
  for (std::optional<Value> name = first(); name; name = name->next()->next()) {
    if (name->text() == key) return name->next();
  }
  return std::nullopt;
}

}  // namespace stapes::format
