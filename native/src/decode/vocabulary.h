// The pieces of a vocabulary, and label sequences as words.
//
// Letters: V vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stapes::decode {

using Label = std::int32_t;

// The label that emits nothing.
inline constexpr Label kBlank = 0;
// Text of the label that a search never emits.
inline constexpr std::string_view kUnknownPiece = "<unk>";
// First character of a piece that begins a word: U+2581.
inline constexpr std::string_view kWordMark = "\u2581";

// Half-open range of labels that are a word.
struct Span {
  std::size_t first;
  std::size_t end;
};

class Vocabulary {
 public:
  // The V pieces by label, at least one.
  explicit Vocabulary(const std::vector<std::string>& pieces);

  std::size_t size() const { return texts_.size(); }
  // Whether `label` begins a word wherever it stands.
  bool begins(Label label) const { return begins_[static_cast<std::size_t>(label)]; }
  // Whether `label` is text that a search may emit; blank is not.
  bool emittable(Label label) const { return emittable_[static_cast<std::size_t>(label)]; }
  // Ranges of `labels`, one a word; the first label begins a word whatever its piece.
  std::vector<Span> words(std::span<const Label> labels) const;
  // The pieces joined, without word marks.
  std::string text(std::span<const Label> labels) const;

 private:
  std::vector<bool> begins_;
  std::vector<bool> emittable_;
  std::vector<std::string> texts_;
};

}  // namespace stapes::decode
