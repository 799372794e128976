#include "decode/letters.h"

#include <cstddef>
#include <cstdint>

namespace stapes::decode {

Letters to_letters(std::string_view text) {
  Letters letters;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[at++]);
    const int following = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    std::uint32_t code = first & (following == 0 ? 0x7Fu : 0x3Fu >> following);
    for (int rest = following; rest > 0 && at < text.size(); --rest) {
      code = code << 6 | (static_cast<std::uint8_t>(text[at++]) & 0x3Fu);
    }
    letters.push_back(code < kNoLetter ? static_cast<Letter>(code) : kNoLetter);
  }
  return letters;
}

}  // namespace stapes::decode
