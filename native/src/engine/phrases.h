// Phrases and classes of names that a user brings, checked and made ready for a model.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "decode/biasing.h"
#include "engine/recognizer.h"

namespace stapes::engine {

// UTF-8; of phrases also words "@name", which stand for the names of a class.
struct PhraseEntry {
  std::string_view text;
  // Above 0 and at most 10.
  double weight;
};

struct PhraseClass {
  std::string_view name;
  std::vector<PhraseEntry> names;
};

// The lists of `phrases` and `classes` for the vocabulary of `recognizer`; of entries that are spoken alike the first counts,
// and without phrases nothing is expected: null. Throws Error (kConfig) if something cannot be listened for.
std::shared_ptr<const decode::PhraseLists> make_phrases(const Recognizer& recognizer,
                                                        std::span<const PhraseEntry> phrases,
                                                        std::span<const PhraseClass> classes);

}  // namespace stapes::engine
