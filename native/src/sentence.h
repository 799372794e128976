// Sentences of errors, with numbers and names written as the Python implementation writes them.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stapes {

// A finite or infinite number as Python's repr() has it: the shortest decimal that reads back, "1.0",
// "1e-05".
std::string shown(float number);
std::string shown(double number);

// The first `most` characters of UTF-8 `text` in quotes, unprintable ASCII escaped.
std::string quoted(std::string_view text, std::size_t most);

// All of `text` in quotes if it has up to 40 characters, else the first 37 and an ellipsis.
std::string shortened(std::string_view text);

// "[3, 4]".
std::string listed(std::span<const std::int64_t> numbers);

inline void append_to(std::string& out, std::string_view text) { out += text; }
template <std::integral N>
void append_to(std::string& out, N number) {
  out += std::to_string(number);
}

// The parts one after another.
template <typename... Parts>
std::string sentence(const Parts&... parts) {
  std::string out;
  (append_to(out, parts), ...);
  return out;
}

}  // namespace stapes
