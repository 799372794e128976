#include "endpoint/completeness.h"

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>

#include "format/crc32.h"
#include "sentence.h"

namespace stapes::endpoint {
namespace {

constexpr std::size_t kLongestCount = 12;
constexpr std::size_t kLongestPattern = 6;
constexpr std::size_t kShapeWords = 5;
constexpr std::size_t kShapeCount = 8;
constexpr std::size_t kLongestShape = 3;

// Unicode characters of UTF-8.
std::size_t letters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

// The last `count` characters of `word`, or all of it.
std::string_view ending(std::string_view word, std::size_t count) {
  std::size_t begin = word.size();
  while (begin > 0 && count > 0) {
    --begin;
    if ((word[begin] & 0xC0) != 0x80) --count;
  }
  return word.substr(begin);
}

// The last `order` of `words`, with ^ in place of missing ones.
std::string last_words(std::span<const std::string> words, std::size_t order) {
  std::string joined;
  for (std::size_t back = order; back > 0; --back) {
    joined += back > words.size() ? "^" : words[words.size() - back];
    if (back > 1) joined += ' ';
  }
  return joined;
}

// How many letters, at most three, each of the last words has.
std::string shape(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : std::span(words).last(std::min(words.size(), kShapeWords))) {
    joined += sentence(joined.empty() ? "" : " ", std::min(letters(word), kLongestShape));
  }
  return joined;
}

std::vector<std::string> features(const std::vector<std::string>& words) {
  const std::size_t count = words.size();
  const auto before = std::span(words).first(count - 1);
  return {last_words(words, 1),
          last_words(words, 2),
          last_words(words, 3),
          sentence(words.front(), "+", words.back()),
          sentence("#", std::min(count, kLongestCount)),
          sentence("#", words.front(), " ", std::min(count, kLongestPattern)),
          sentence("~", shape(words), " ", std::min(count, kShapeCount)),
          sentence("$", ending(words.back(), 2)),
          sentence("$", ending(words.back(), 3)),
          sentence("< ", last_words(before, 1)),
          sentence("< ", last_words(before, 2))};
}

}  // namespace

double Completeness::log_odds(const std::vector<std::string>& words) const {
  if (words.empty()) return -std::numeric_limits<double>::infinity();
  float sum = 0;
  for (const std::string& feature : features(words)) {
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(feature.data()), feature.size());
    sum += weights_[format::crc32(bytes) % weights_.size()];
  }
  return bias_ + static_cast<double>(sum);
}

}  // namespace stapes::endpoint
