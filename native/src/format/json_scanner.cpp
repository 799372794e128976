#include "format/json_scanner.h"

#include <charconv>
#include <string>

#include "error.h"
#include "format/layout.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr std::int64_t kLargestInteger = (std::int64_t{1} << 53) - 1;
constexpr std::size_t kLongestInteger = 17;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool is_high_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool is_low_surrogate(char32_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

// The number of four hexadecimal digits, which must be there.
char32_t hex_number(std::string_view digits) {
  char32_t number = 0;
  for (const char c : digits.substr(0, 4)) number = number << 4 | static_cast<char32_t>(hex_digit(c));
  return number;
}

// Of a number in decimal that from_chars calls out of range: whether it is so for being too large.
bool overflows(std::string_view digits) {
  const std::size_t mark = digits.find_first_of("eE");
  const bool shrinks = mark != std::string_view::npos && digits[mark + 1] == '-';
  const std::string_view mantissa = digits.substr(0, mark);
  if (mark == std::string_view::npos) return mantissa.find('.') > 300;
  // Neither side of a header of 2^20 bytes can outweigh an exponent of more digits than this.
  long exponent = 0;
  const std::string_view shown = digits.substr(mark + 2 - (is_digit(digits[mark + 1]) ? 1 : 0));
  if (std::from_chars(shown.data(), shown.data() + shown.size(), exponent).ec != std::errc{}) return !shrinks;
  const std::size_t leading = mantissa.find_first_of("123456789");
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const long place =
      leading < point ? static_cast<long>(point - leading) : -static_cast<long>(leading - point - 1);
  return place + (shrinks ? -exponent : exponent) > 0;
}

class Scanner {
 public:
  Scanner(std::string_view text, JsonSink& sink) : text_(text), sink_(sink) {}

  void document() {
    value();
    skip_space();
    if (place_ != text_.size()) expect_failed("nothing more");
  }

 private:
  bool at(char c) const { return place_ < text_.size() && text_[place_] == c; }

  bool take(char c) {
    if (!at(c)) return false;
    ++place_;
    return true;
  }

  [[noreturn]] void expect_failed(std::string_view wanted) const {
    refuse(sentence("not UTF-8 JSON: ", wanted, " is expected at byte ", place_));
  }

  void skip_space() {
    while (at(' ') || at('\t') || at('\n') || at('\r')) ++place_;
  }

  std::uint32_t here() const { return static_cast<std::uint32_t>(place_); }

  void value() {
    skip_space();
    if (at('{')) return object();
    if (at('[')) return list();
    if (at('"')) return string();
    if (at('-') || (place_ < text_.size() && is_digit(text_[place_]))) return number();
    constant();
  }

  void object() {
    sink_.open(Kind::kObject, here());
    ++place_;
    skip_space();
    if (!take('}')) {
      do {
        skip_space();
        if (!at('"')) expect_failed("a key");
        string();
        skip_space();
        if (!take(':')) expect_failed("':'");
        value();
        skip_space();
      } while (take(','));
      if (!take('}')) expect_failed("',' or '}'");
    }
    sink_.close();
  }

  void list() {
    sink_.open(Kind::kList, here());
    ++place_;
    skip_space();
    if (!take(']')) {
      do {
        value();
        skip_space();
      } while (take(','));
      if (!take(']')) expect_failed("',' or ']'");
    }
    sink_.close();
  }

  void string() {
    const std::size_t begin = ++place_;
    while (!at('"')) {
      if (place_ == text_.size() || static_cast<unsigned char>(text_[place_]) < 0x20) {
        expect_failed("the end of a string");
      }
      if (text_[place_++] == '\\') escape();
    }
    sink_.scalar(Kind::kString, static_cast<std::uint32_t>(begin), here());
    ++place_;
  }

  void escape() {
    if (place_ < text_.size() && text_[place_] == 'u') {
      const char32_t first = unit();
      if (is_low_surrogate(first)) expect_failed("no lone surrogate");
      if (is_high_surrogate(first)) {
        if (!take('\\') || !at('u') || !is_low_surrogate(unit())) expect_failed("the second half of a pair");
      }
    } else if (place_ == text_.size() ||
               std::string_view("\"\\/bfnrt").find(text_[place_++]) == std::string::npos) {
      expect_failed("an escape of JSON");
    }
  }

  // The code unit of `uXXXX`.
  char32_t unit() {
    const std::string_view digits = text_.substr(place_ + 1, 4);
    place_ += 1 + digits.size();
    for (const char c : digits) {
      if (hex_digit(c) < 0) expect_failed("a hexadecimal digit");
    }
    if (digits.size() < 4) expect_failed("a hexadecimal digit");
    return hex_number(digits);
  }

  void digits() {
    if (place_ == text_.size() || !is_digit(text_[place_])) expect_failed("a digit");
    while (place_ < text_.size() && is_digit(text_[place_])) ++place_;
  }

  void number() {
    const std::size_t begin = place_;
    if (take('-') && at('I')) return word("Infinity", begin);
    if (!take('0')) digits();
    bool whole = true;
    if (take('.')) {
      whole = false;
      digits();
    }
    if (take('e') || take('E')) {
      whole = false;
      if (!take('+')) take('-');
      digits();
    }
    const std::string_view shown = text_.substr(begin, place_ - begin);
    whole ? check_integer(shown) : check_float(shown);
    sink_.scalar(whole ? Kind::kInteger : Kind::kFloat, static_cast<std::uint32_t>(begin), here());
  }

  static void check_integer(std::string_view shown) {
    std::int64_t value = 0;
    std::from_chars(shown.data(), shown.data() + shown.size(), value);
    if (shown.size() > kLongestInteger || value > kLargestInteger || value < -kLargestInteger) {
      refuse(sentence("the integer ", shortened(shown), " is beyond ±(2^53 - 1)"));
    }
  }

  static void check_float(std::string_view shown) {
    double value = 0;
    const auto [end, fault] = std::from_chars(shown.data(), shown.data() + shown.size(), value);
    if (fault != std::errc{} && overflows(shown)) {
      refuse(sentence("the number ", shortened(shown), " is not finite as a 64-bit float"));
    }
  }

  void constant() {
    if (at('t')) return word("true", place_);
    if (at('f')) return word("false", place_);
    if (at('n')) return word("null", place_);
    if (at('N')) return word("NaN", place_);
    if (at('I')) return word("Infinity", place_);
    expect_failed("a value");
  }

  void word(std::string_view wanted, std::size_t begin) {
    if (text_.substr(place_, wanted.size()) != wanted) expect_failed("a value");
    place_ += wanted.size();
    const std::string_view shown = text_.substr(begin, place_ - begin);
    if (wanted == "NaN" || wanted == "Infinity") refuse(sentence("the number ", shown, " is not finite"));
    const Kind kind = wanted == "true" ? Kind::kTrue : wanted == "false" ? Kind::kFalse : Kind::kNull;
    sink_.scalar(kind, static_cast<std::uint32_t>(begin), here());
  }

  std::string_view text_;
  JsonSink& sink_;
  std::size_t place_ = 0;
};

// Length of the UTF-8 character that `text` begins with; 0 if it begins with none (Unicode 15, table 3-7).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [text](std::size_t index) {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u;
  };
  const auto follows = [&byte](std::size_t index) { return (byte(index) & 0xc0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if ((lead & 0xf0) == 0xe0) {
    const bool narrow = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f);
    return follows(1) && follows(2) && !narrow ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool narrow = (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
    return follows(1) && follows(2) && follows(3) && !narrow ? 4 : 0;
  }
  return 0;
}

void check_utf8(std::string_view text) {
  for (std::size_t place = 0; place < text.size();) {
    const std::size_t bytes = character_bytes(text.substr(place));
    if (bytes == 0) refuse(sentence("not UTF-8 JSON: no UTF-8 character at byte ", place));
    place += bytes;
  }
}

// Values and nesting, counted outside strings before anything is built.
void check_extent(std::string_view text) {
  std::uint32_t values = 0;
  std::uint32_t depth = 0;
  std::uint32_t deepest = 0;
  bool inside_string = false;
  for (std::size_t place = 0; place < text.size(); ++place) {
    const char c = text[place];
    if (c == '\\') {
      ++place;
    } else if (c == '"') {
      inside_string = !inside_string;
    } else if (!inside_string) {
      const bool opens = c == '[' || c == '{';
      values += opens || c == ',';
      if (opens) deepest = std::max(deepest, ++depth);
      if ((c == ']' || c == '}') && depth > 0) --depth;
    }
  }
  if (values > kMaxHeaderValues) {
    refuse(sentence(values, " JSON values; up to ", kMaxHeaderValues, " are accepted"));
  }
  if (deepest > kMaxHeaderDepth) {
    refuse(sentence("JSON nested ", deepest, " deep; up to ", kMaxHeaderDepth, " is accepted"));
  }
}

}  // namespace

void scan_json(std::string_view text, JsonSink& sink) {
  check_extent(text);
  check_utf8(text);
  Scanner(text, sink).document();
}

char32_t next_character(std::string_view& rest) {
  const auto take = [&rest](std::size_t bytes) { rest.remove_prefix(bytes); };
  if (rest[0] != '\\') {
    const std::size_t bytes = character_bytes(rest);
    char32_t character = static_cast<unsigned char>(rest[0]) & (bytes == 1 ? 0x7fu : 0xffu >> (bytes + 1));
    for (const char c : rest.substr(1, bytes - 1))
      character = character << 6 | (static_cast<unsigned char>(c) & 0x3f);
    take(bytes);
    return character;
  }
  const char kind = rest[1];
  take(2);
  if (kind != 'u') {
    static constexpr std::string_view kNames = "bfnrt";
    static constexpr std::string_view kCharacters = "\b\f\n\r\t";
    const std::size_t index = kNames.find(kind);
    return static_cast<char32_t>(index == std::string_view::npos ? kind : kCharacters[index]);
  }
  const char32_t first = hex_number(rest);
  take(4);
  if (!is_high_surrogate(first)) return first;
  const char32_t second = hex_number(rest.substr(2));
  take(6);
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

}  // namespace stapes::format
