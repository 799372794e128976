// Sentences of errors, with numbers and names written as the Python implementation writes them.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>

namespace stapes {

// A finite or infinite number as Python's repr() has it: the shortest decimal that reads back, "1.0", "1e-05".
std::string Shown(float number);
std::string Shown(double number);

// The first `most` characters of UTF-8 `text` in quotes, unprintable ASCII escaped.
std::string Quoted(std::string_view text, std::size_t most);

// "[3, 4]".
std::string Listed(std::span<const std::int64_t> numbers);

inline void AppendTo(std::string& out, std::string_view text) { out += text; }
template <std::integral N>
void AppendTo(std::string& out, N number) {
  out += std::to_string(number);
}

// The parts one after another.
template <typename... Parts>
std::string Sentence(const Parts&... parts) {
  std::string out;
  (AppendTo(out, parts), ...);
  return out;
}

}  // namespace stapes
