#include "sentence.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace stapes {
namespace {

template <typename Number>
std::string shortest(Number number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer;
  // Python changes to an exponent at 1e16; to_chars does so wherever it is shorter.
  const bool plain = number == 0 || (std::abs(number) >= Number(1e-4) && std::abs(number) < Number(1e16));
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, format).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

void append_escaped(std::string& out, char c, char quote) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == quote || c == '\\') {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (byte < 0x20 || byte == 0x7f) {
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  } else {
    out += c;
  }
}

// The first `most` characters of UTF-8 `text`.
std::string_view beginning(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (begins && characters++ == most) break;
  }
  return text.substr(0, end);
}

}  // namespace

std::string shown(float number) { return shortest(number); }
std::string shown(double number) { return shortest(number); }

std::string quoted(std::string_view text, std::size_t most) {
  text = beginning(text, most);
  const char quote =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) append_escaped(out, c, quote);
  return out + quote;
}

std::string shortened(std::string_view text) {
  if (beginning(text, 40).size() == text.size()) return quoted(text, 40);
  return quoted(std::string(beginning(text, 37)) + "...", 40);
}

std::string listed(std::span<const std::int64_t> numbers) {
  std::string out = "[";
  for (std::size_t index = 0; index < numbers.size(); ++index) {
    if (index > 0) out += ", ";
    out += std::to_string(numbers[index]);
  }
  return out + "]";
}

}  // namespace stapes
