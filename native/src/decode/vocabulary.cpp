#include "decode/vocabulary.h"

namespace stapes::decode {

Vocabulary::Vocabulary(const std::vector<std::string>& pieces) {
  for (const std::string& piece : pieces) {
    const bool begins = piece.starts_with(kWordMark);
    begins_.push_back(begins);
    emittable_.push_back(piece != kUnknownPiece && !emittable_.empty());
    texts_.push_back(begins ? piece.substr(kWordMark.size()) : piece);
  }
}

std::vector<Span> Vocabulary::words(std::span<const Label> labels) const {
  std::vector<Span> spans;
  for (std::size_t index = 0; index < labels.size(); ++index) {
    if (index == 0 || begins(labels[index])) {
      spans.push_back({index, labels.size()});
      if (spans.size() > 1) spans[spans.size() - 2].end = index;
    }
  }
  return spans;
}

std::string Vocabulary::text(std::span<const Label> labels) const {
  std::string text;
  for (const Label label : labels) text += texts_[static_cast<std::size_t>(label)];
  return text;
}

}  // namespace stapes::decode
