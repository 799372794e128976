// Text as letters: UTF-16 code units, since phrases are spelled with few of them.
#pragma once

#include <string>
#include <string_view>

namespace stapes::decode {

using Letter = char16_t;
using Letters = std::u16string;
using LettersView = std::u16string_view;

// Begins a word (SentencePiece).
inline constexpr Letter kMark = 0x2581;
// Private use: stands for the first class in a template; the others follow.
inline constexpr Letter kFirstClass = 0xE000;
// Stands for whatever has no letter of its own; no phrase has it.
inline constexpr Letter kNoLetter = 0xFFFF;

// The letters of UTF-8 `text`, which is sound; characters beyond U+FFFE become kNoLetter.
Letters to_letters(std::string_view text);

}  // namespace stapes::decode
