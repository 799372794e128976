#include "decode/spoken.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "error.h"
#include "sentence.h"

namespace stapes::decode {
namespace {

constexpr std::size_t kMostLetters = 200;
// Those of ASCII, the curly ones, and the acute accent that is typed for them.
constexpr std::u16string_view kApostrophes = u"'`\u2018\u2019\u00b4";
constexpr std::u16string_view kParting = u" \t\n\v\f\r-_/.,:;!?\"()\u2010\u2011\u2012\u2013\u2014\u2015\u201c\u201d";

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kConfig, std::move(text)); }

constexpr bool is_letter(Letter letter) { return letter >= u'a' && letter <= u'z'; }

// As it is spelled: a to z, an apostrophe, or a blank.
Letter folded(Letter letter, std::string_view character) {
  if (is_letter(letter)) return letter;
  if (letter >= u'A' && letter <= u'Z') return static_cast<Letter>(letter - u'A' + u'a');
  if (kApostrophes.find(letter) != std::u16string_view::npos) return u'\'';
  if (kParting.find(letter) != std::u16string_view::npos) return u' ';
  refuse(sentence("holds ", quoted(character, 1), "; a to z, apostrophes, blanks and punctuation are accepted"));
}

// `text` cut before each character.
Letters folded(std::string_view text) {
  Letters letters;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) ++length;
    const std::string_view character = text.substr(0, length);
    letters.push_back(folded(to_letters(character).front(), character));
    text.remove_prefix(length);
  }
  return letters;
}

void append_word(LettersView word, Letters& spelled) {
  const auto begin = word.find_first_not_of(u'\'');
  if (begin == LettersView::npos) return;
  spelled += kMark;
  spelled += word.substr(begin, word.find_last_not_of(u'\'') - begin + 1);
}

}  // namespace

Letters spelled(std::string_view text) {
  const auto characters =
      std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; });
  if (characters > static_cast<std::ptrdiff_t>(kMostLetters)) {
    refuse(sentence("has ", characters, " characters; at most ", kMostLetters, " are accepted"));
  }
  const Letters letters = folded(text);
  Letters spelled;
  for (LettersView rest = letters; !rest.empty();) {
    const std::size_t length = std::min(rest.find(u' '), rest.size());
    append_word(rest.substr(0, length), spelled);
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
  if (spelled.empty()) refuse("has no letters; a to z and apostrophes are accepted");
  return spelled;
}

}  // namespace stapes::decode
