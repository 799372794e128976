// Names as users write them, in the letters that a recogniser spells with.
#pragma once

#include <string_view>

#include "decode/letters.h"

namespace stapes::decode {

// The words of UTF-8 `text` with kMark before each: a to z, in either case, and apostrophes within words; blanks, hyphens
// and punctuation part words. Throws Error (kConfig) if there are no letters, more than 200 characters or any other one;
// its sentence goes on after the text that is refused: "holds '9'; ...".
Letters spelled(std::string_view text);

}  // namespace stapes::decode
